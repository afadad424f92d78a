import { parentPort, workerData } from 'node:worker_threads';
import { type BatchOrder, runBatch } from './batch.ts';
import { realCore } from './real-core.ts';

parentPort?.postMessage(runBatch(workerData as BatchOrder, realCore));

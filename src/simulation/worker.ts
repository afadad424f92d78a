import { parentPort } from 'node:worker_threads';
import { type BatchOrder, runBatch } from './batch.ts';
import { realCore } from './real-core.ts';

parentPort?.on('message', (order: BatchOrder) => parentPort?.postMessage(runBatch(order, realCore)));

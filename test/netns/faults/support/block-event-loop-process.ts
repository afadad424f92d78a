import { setTimeout as sleep } from 'node:timers/promises';

/** Runs beside a daemon whose debugger was opened by SIGUSR1, and has it spin for the milliseconds of its argument. */
const blockMs = Number(process.argv[2]);

async function debuggerUrl(): Promise<string> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    try {
      const targets = (await (await fetch('http://127.0.0.1:9229/json')).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      return targets[0]!.webSocketDebuggerUrl;
    } catch {
      await sleep(50);
    }
  }
  throw new Error('the debugger of the daemon did not open');
}

const socket = new WebSocket(await debuggerUrl());
await new Promise((resolve, reject) => {
  socket.onopen = resolve;
  socket.onerror = reject;
});
const expression = `{ const end = performance.now() + ${blockMs}; while (performance.now() < end); }`;
const answered = new Promise((resolve) => {
  socket.onmessage = resolve;
});
socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
await answered;
socket.close();

import { Agent, request } from 'undici';

/**
 * One GET on a fresh connection: a kept one would prove only a worker, or a way, of long ago. Of the body no more is
 * read than wanted, for it may be endless. Throws what went wrong.
 */
export async function httpGet(
  url: string,
  signal: AbortSignal,
  bodyBytes = 0,
): Promise<{ readonly statusCode: number; readonly text: string }> {
  const dispatcher = new Agent({ pipelining: 0 });
  try {
    const { statusCode, body } = await request(url, { dispatcher, reset: true, signal });
    body.on('error', () => {});
    const text = bodyBytes === 0 ? '' : await head(body, bodyBytes);
    body.destroy();
    return { statusCode, text };
  } finally {
    void dispatcher.destroy().catch(() => {});
  }
}

async function head(body: AsyncIterable<Buffer>, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8');
}

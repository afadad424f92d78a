import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** More would be many small files, fewer would lose much at each rotation. */
const SEGMENTS = 8;

/** The files of a ring, oldest first. Throws what the file system says. */
export async function segmentsOf(directory: string, name: string): Promise<readonly string[]> {
  const pattern = new RegExp(`^${name}-(\\d{1,12})\\.jsonl$`);
  return (await readdir(directory))
    .map((file) => ({ file, number: Number(pattern.exec(file)?.[1] ?? Number.NaN) }))
    .filter(({ number }) => Number.isSafeInteger(number))
    .sort((a, b) => a.number - b.number)
    .map(({ file }) => join(directory, file));
}

/**
 * Lines in numbered files, of which the oldest goes when they are too many. Only ever appended to: after a crash
 * the last line may be torn, and the next process begins with a line of its own.
 */
export class SegmentRing {
  readonly #directory: string;
  readonly #name: string;
  readonly #bytesMost: number;
  #file: FileHandle | null = null;
  #bytes = 0;

  /** `bytesMost`: of all files together, as long as no single append is larger than an eighth of it. */
  constructor(directory: string, name: string, bytesMost: number) {
    this.#directory = directory;
    this.#name = name;
    this.#bytesMost = bytesMost;
  }

  get segmentBytes(): number {
    return Math.floor(this.#bytesMost / SEGMENTS);
  }

  /** Durable when it resolves. `mayTurn`: the text does not continue what stands before it. */
  async append(text: string, mayTurn: boolean): Promise<void> {
    try {
      if (mayTurn && this.#bytes >= this.segmentBytes) await this.close();
      this.#file ??= await this.#open();
      const { bytesWritten } = await this.#file.write(text);
      this.#bytes += bytesWritten;
      if (bytesWritten < Buffer.byteLength(text)) throw new Error('the disk took only a part of it');
      await this.#file.datasync();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#makeRoom();
    const newest = (await segmentsOf(this.#directory, this.#name)).at(-1);
    if (newest === undefined || (await stat(newest)).size >= this.segmentBytes) return this.#create(newest);
    const file = await open(newest, 'a', 0o600);
    this.#bytes = (await file.stat()).size;
    // Ends a line that a crash tore; readers pass over empty ones.
    if (this.#bytes > 0) this.#bytes += (await file.write('\n')).bytesWritten;
    return file;
  }

  async #create(newest: string | undefined): Promise<FileHandle> {
    const number = newest === undefined ? 0 : Number(/(\d+)\.jsonl$/.exec(newest)?.[1]);
    const name = `${this.#name}-${String(number + 1).padStart(6, '0')}.jsonl`;
    this.#bytes = 0;
    return open(join(this.#directory, name), 'ax', 0o600);
  }

  /** Leaves room for a segment and for the append that makes it more than full. */
  async #makeRoom(): Promise<void> {
    const files = await segmentsOf(this.#directory, this.#name);
    const sizes: number[] = [];
    // One after the other: a disk that hangs then takes one thread and not all.
    for (const file of files) sizes.push((await stat(file)).size);
    let total = sizes.reduce((sum, size) => sum + size, 0);
    for (const [index, file] of files.entries()) {
      if (total + 2 * this.segmentBytes <= this.#bytesMost) return;
      await unlink(file);
      total -= sizes[index] ?? 0;
    }
  }
}

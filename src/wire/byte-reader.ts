import { Buffer } from 'node:buffer';

/**
 * Reads fields from bytes that anybody may have sent. It never throws and never reads outside the bytes: after
 * the first field that does not fit, every read gives 0 or '' and `failed` stays true, so that a decoder can
 * read straight on and ask once at the end.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;
  #failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** For values that are in range of their field but mean nothing, such as an unknown role. */
  fail(): void {
    this.#failed = true;
  }

  /** Big endian, of one to six bytes. */
  uint(width: number): number {
    const at = this.#take(width);
    return at === null ? 0 : this.#bytes.readUIntBE(at, width);
  }

  /** LEB128 of at most 53 bits: what a JavaScript number holds exactly. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.uint(1);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (Number.isSafeInteger(value)) return value;
        break;
      }
    }
    this.#failed = true;
    return 0;
  }

  /** Eight bytes as sixteen hexadecimal digits. */
  hex8(): string {
    const at = this.#take(8);
    return at === null ? '' : this.#bytes.toString('hex', at, at + 8);
  }

  text(length: number): string {
    const at = this.#take(length);
    return at === null ? '' : this.#bytes.toString('utf8', at, at + length);
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return at === null ? new Uint8Array(0) : this.#bytes.subarray(at, at + length);
  }

  #take(length: number): number | null {
    if (this.#failed || length > this.remaining) {
      this.#failed = true;
      return null;
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}

import { Buffer } from 'node:buffer';

const HEX8 = /^[0-9a-f]{16}$/;
const encoder = new TextEncoder();

/**
 * Writes fields into one block of a fixed size. What it is given comes from this program, so a value that does
 * not fit its field is a bug and throws RangeError; the transport counts it and goes on.
 */
export class ByteWriter {
  readonly #block: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#block = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  uint(value: number, width: number): void {
    this.#block.writeUIntBE(value, this.#claim(width), width);
  }

  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a count: ${value}`);
    let rest = value;
    while (rest >= 0x80) {
      this.uint((rest % 0x80) | 0x80, 1);
      rest = Math.floor(rest / 0x80);
    }
    this.uint(rest, 1);
  }

  hex8(digits: string): void {
    if (!HEX8.test(digits)) throw new RangeError(`not sixteen hexadecimal digits: ${JSON.stringify(digits)}`);
    this.#block.write(digits, this.#claim(8), 'hex');
  }

  /** One byte of length, then UTF-8. Longer text is refused: a shortened name is another name. */
  name(text: string, maxBytes: number): void {
    const bytes = encoder.encode(text);
    if (bytes.length > maxBytes)
      throw new RangeError(`longer than ${maxBytes} bytes: ${JSON.stringify(text)}`);
    this.uint(bytes.length, 1);
    this.bytes(bytes);
  }

  /** One byte of length, then UTF-8, cut after the last whole character that fits. */
  prose(text: string, maxBytes: number): void {
    const cut = new Uint8Array(maxBytes);
    const { written } = encoder.encodeInto(text, cut);
    this.uint(written, 1);
    this.bytes(cut.subarray(0, written));
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length);
    this.#block.set(bytes, at);
  }

  /** A view of what was written so far. */
  written(): Buffer {
    return this.#block.subarray(0, this.#length);
  }

  #claim(width: number): number {
    const at = this.#length;
    if (at + width > this.#block.length) throw new RangeError(`more than ${this.#block.length} bytes`);
    this.#length = at + width;
    return at;
  }
}

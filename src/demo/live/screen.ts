import { type Line, paint } from '../style.ts';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** A terminal that is painted over in place; what it showed before comes back when it is left. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #coloured: boolean;
  #isEntered = false;

  constructor(stream: NodeJS.WriteStream, coloured: boolean) {
    this.#stream = stream;
    this.#coloured = coloured;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  enter(): void {
    this.#isEntered = true;
    this.#stream.write(ENTER);
  }

  show(lines: readonly Line[]): void {
    const columns = this.#stream.columns || 80;
    const painted = lines.map((line) => `${paint(line, { columns, coloured: this.#coloured })}${CLEAR_LINE}`);
    // No line break after the last: it would scroll a screen that is full.
    this.#stream.write(`${HOME}${painted.join('\r\n')}${CLEAR_BELOW}`);
  }

  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stream.write(LEAVE);
  }
}

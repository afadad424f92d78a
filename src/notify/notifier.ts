import type { Category } from '../config/hook-schema.ts';
import type { Note } from '../core/notes.ts';
import { pipeTo, postTo } from './deliver.ts';
import { concerns, detailsOf, type Notification } from './notification.ts';
import { NotifyTarget } from './target.ts';

export interface Hook {
  readonly url: string | null;
  readonly command: readonly string[] | null;
  readonly events: readonly Category[];
  readonly timeoutMs: number;
}

export interface NotifierOptions {
  readonly cluster: string;
  readonly node: string;
  readonly incarnation: string;
  readonly version: string;
  readonly wallMs: () => number;
  readonly log: { warn(text: string): void; info(text: string): void };
}

interface Running {
  readonly key: string;
  readonly events: ReadonlySet<Category>;
  readonly target: NotifyTarget;
  readonly close: () => Promise<void>;
}

/** Tells hooks of every change. Nothing waits for them: `notify` only puts into queues. */
export class Notifier {
  readonly #options: NotifierOptions;
  #running: Running[] = [];
  #count = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Takes what is configured into use; hooks that stay as they are keep what waits for them. */
  use(hooks: readonly Hook[], closeWithinMs: number): void {
    const before = this.#running;
    this.#running = hooks.map((hook) => {
      const key = JSON.stringify(hook);
      return before.find((running) => running.key === key) ?? this.#start(hook, key);
    });
    for (const gone of before.filter((running) => !this.#running.includes(running))) {
      void gone.target.close(closeWithinMs).then(gone.close);
    }
  }

  notify(note: Note, said: { readonly severity: Notification['severity']; readonly text: string }): void {
    const heading = { event: note.type, severity: said.severity };
    const wanting = this.#running.filter(({ events }) => concerns(heading, events));
    if (wanting.length === 0) return;
    const { cluster, node, incarnation, wallMs } = this.#options;
    this.#count += 1;
    const document: Notification = {
      version: 1,
      id: `${incarnation}-${this.#count}`,
      time: new Date(wallMs()).toISOString(),
      cluster,
      node,
      ...detailsOf(note),
      ...heading,
      text: said.text,
      dropped: 0,
    };
    for (const { target } of wanting) target.push(document);
  }

  /** Best effort: what waits gets one attempt, all of it `withinMs`. */
  async close(withinMs: number): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await Promise.all(running.map(({ target, close }) => target.close(withinMs).then(close)));
  }

  #start(hook: Hook, key: string): Running {
    const { log, version } = this.#options;
    const events = new Set(hook.events);
    const common = { timeoutMs: hook.timeoutMs, log };
    if (hook.url !== null) {
      const post = postTo(hook.url, version);
      // A path or a query may be a secret.
      const target = new NotifyTarget({ name: new URL(hook.url).origin, deliver: post.deliver, ...common });
      return { key, events, target, close: post.close };
    }
    const command = hook.command ?? [];
    const deliver = pipeTo(command, hook.timeoutMs);
    const target = new NotifyTarget({ name: command[0] ?? '', deliver, ...common });
    return { key, events, target, close: async () => {} };
  }
}

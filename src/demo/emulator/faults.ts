/** What goes wrong with a call. Without any fault a call is answered at once. */
export type Fault =
  /** Before the effect (the request is on its way) and after it (the answer is). Delays of several rules add up. */
  | { readonly kind: 'delay'; readonly beforeMs?: number; readonly afterMs?: number }
  /** The service refuses with this code, in its protocol's shape; no effect. */
  | { readonly kind: 'error'; readonly code: string; readonly message?: string; readonly status?: number }
  /** A bare HTTP status, as a load balancer in front of the service would send it; no effect. */
  | { readonly kind: 'http'; readonly status: number }
  /** No answer ever, the connection stays open. `applied`: the call had its effect. */
  | { readonly kind: 'hang'; readonly applied: boolean }
  /** The connection is reset instead of answered. `applied`: the call had its effect. */
  | { readonly kind: 'drop'; readonly applied: boolean }
  /** Reads (EC2 Describe*, SSM Get*) answer with the world as it was this long ago. */
  | { readonly kind: 'stale'; readonly ageMs: number };

export interface FaultRule {
  /** Whose calls; everybody's when left out. */
  readonly node?: string;
  readonly service?: 'ec2' | 'ssm' | 'sts';
  /** "AssociateAddress", "PutParameter", …; every call when left out. */
  readonly call?: string;
  /** How many matching calls it befalls; all of them when left out. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface CallIdentity {
  readonly node: string;
  readonly service: string;
  readonly call: string;
}

/** What the rules together do to one call. */
export interface FaultPlan {
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly staleMs: number;
  readonly failure: Exclude<Fault, { kind: 'delay' } | { kind: 'stale' }> | null;
}

interface ActiveRule {
  readonly rule: FaultRule;
  remaining: number;
}

/** The programmable faults of the emulated AWS. */
export class Faults {
  readonly #rules = new Set<ActiveRule>();

  /** Adds a rule; the returned function takes it away again and may be called more than once. */
  inject(rule: FaultRule): () => void {
    const active: ActiveRule = { rule, remaining: rule.times ?? Number.POSITIVE_INFINITY };
    this.#rules.add(active);
    return () => {
      this.#rules.delete(active);
    };
  }

  clear(): void {
    this.#rules.clear();
  }

  /** Draws the plan for one call, and counts it against the rules that it used. */
  draw(identity: CallIdentity): FaultPlan {
    const plan = { beforeMs: 0, afterMs: 0, staleMs: 0, failure: null as FaultPlan['failure'] };
    for (const active of [...this.#rules]) {
      if (!matches(active.rule, identity)) continue;
      const { fault } = active.rule;
      if (fault.kind === 'delay') {
        plan.beforeMs += fault.beforeMs ?? 0;
        plan.afterMs += fault.afterMs ?? 0;
      } else if (fault.kind === 'stale') {
        plan.staleMs = Math.max(plan.staleMs, fault.ageMs);
      } else if (plan.failure === null) {
        plan.failure = fault;
      } else {
        // A call fails in one way only: a second failure waits for the next call, its count untouched.
        continue;
      }
      active.remaining -= 1;
      if (active.remaining <= 0) this.#rules.delete(active);
    }
    return plan;
  }
}

const matches = (rule: FaultRule, identity: CallIdentity): boolean =>
  (rule.node === undefined || rule.node === identity.node) &&
  (rule.service === undefined || rule.service === identity.service) &&
  (rule.call === undefined || rule.call === identity.call);

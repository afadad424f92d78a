import { hostname, userInfo } from 'node:os';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { readCallerIdentity } from '../cloud/caller-identity.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { ControlResult } from '../control/protocol.ts';
import { NO_TERM } from '../core/types.ts';
import { RequestError, RequestMailbox, type RequestOutcome } from '../witness/request-mailbox.ts';
import { SsmWitness } from '../witness/ssm-witness.ts';
import { CliError } from './cli-error.ts';

export interface MoveFromAfar {
  readonly clients: AwsClients;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** "/eipkeeper/web" */
  readonly prefix: string;
  readonly group: string;
  readonly target: string;
  readonly kind: 'switchover' | 'force';
  readonly timeoutMs: number;
  /** Aborted when the operator gives up. */
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

const CALL_TIMEOUT_MS = 5_000;
const BY_MOST = 300;

/**
 * Asks by the witness, from a place that reaches no node, and waits for the verdict. What is given up, or was not
 * answered in time, is withdrawn, so that it does not happen later. Throws CliError.
 */
export async function moveFromAfar(move: MoveFromAfar): Promise<ControlResult> {
  const { clients, prefix, group, target, kind, timeoutMs, signal, say } = move;
  const mailbox = new RequestMailbox({ clients, prefix });
  const by = await callerOf(move);
  try {
    const id = await mailbox.write({ group, target, kind, by, lifeMs: timeoutMs }, signal);
    say(`asked in ${prefix}/request as ${by}; the nodes look every few seconds`);
    const outcome = await watchOrWithdraw(mailbox, id, signal);
    return await resultOf(outcome, move);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (signal.aborted) throw new CliError('given up; what was asked was withdrawn', EXIT.error);
    const code = error.busy ? EXIT.tryAgain : error.denied ? EXIT.noPermission : EXIT.unavailable;
    throw new CliError(error.message, code, { cause: error });
  }
}

async function watchOrWithdraw(
  mailbox: RequestMailbox,
  id: string,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  let outcome: RequestOutcome | null = null;
  try {
    outcome = await mailbox.watch(id, signal);
    return outcome;
  } finally {
    // Ctrl-C aborts the signal, and must not abort the taking back.
    if (outcome === null || outcome.status === 'expired')
      await mailbox.withdraw(id, new AbortController().signal).catch(() => {});
  }
}

async function resultOf(outcome: RequestOutcome, move: MoveFromAfar): Promise<ControlResult> {
  switch (outcome.status) {
    case 'done':
      return { type: 'result', status: 'done', reason: '', exitCode: EXIT.ok };
    case 'refused': {
      const reason = `${outcome.by} refused: ${outcome.reason}`;
      return { type: 'result', status: 'refused', reason, exitCode: EXIT.unsafe };
    }
    case 'replaced': {
      const reason =
        'somebody took the request back, or wrote another in its place: see "eipkeeper status" there';
      return { type: 'result', status: 'failed', reason, exitCode: EXIT.error };
    }
    case 'expired': {
      const reason = `${await whoWasSilent(move)} did not answer in time; the request was withdrawn, so nothing of it happens later`;
      return { type: 'result', status: 'timeout', reason, exitCode: EXIT.timeout };
    }
  }
}

/** A switchover is the leader's to answer, a force the target's. */
async function whoWasSilent({ clients, prefix, group, target, kind }: MoveFromAfar): Promise<string> {
  if (kind === 'force') return target;
  const witness = new SsmWitness({ clients, prefix });
  try {
    const bounds = { signal: new AbortController().signal, deadlineMs: CALL_TIMEOUT_MS };
    const newest = await witness.readNewest(group, NO_TERM, bounds);
    const owner = newest.type === 'newest-term' ? newest.record?.owner : undefined;
    if (owner !== undefined) return `${owner}, the leader of ${group},`;
    return `the leader of ${group}, of which ${prefix} holds no term (is that its prefix and its name?),`;
  } finally {
    witness.close();
  }
}

/** What stands in records and logs: the ARN; where STS cannot be asked, who and where by this machine's own word. */
async function callerOf({ clients, environment, say }: MoveFromAfar): Promise<string> {
  try {
    return await readCallerIdentity(clients, environment);
  } catch (error) {
    const own = `${userInfo().username}@${hostname()}`.replace(/\p{C}/gu, '?').slice(0, BY_MOST);
    say(`who you are in AWS is not known (${(error as Error).message}): the request says ${own}`);
    return own;
  }
}

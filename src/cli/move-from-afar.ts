import { hostname, userInfo } from 'node:os';
import type { AwsClients } from '../cloud/aws-clients.ts';
import { readCallerIdentity } from '../cloud/caller-identity.ts';
import { EXIT } from '../control/exit-codes.ts';
import type { ControlResult } from '../control/protocol.ts';
import { NO_TERM } from '../core/types.ts';
import {
  type PostedRequest,
  type RequestEnd,
  RequestError,
  RequestMailbox,
  type Withdrawal,
} from '../witness/request-mailbox.ts';
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
 * Asks by the witness, from a place that reaches no node, and waits for the verdict. What is given up, was not answered
 * in time, or may have been written although no answer came, is withdrawn, so that it does not happen later; where that
 * fails, it is said. Throws CliError.
 */
export async function moveFromAfar(move: MoveFromAfar): Promise<ControlResult> {
  const { clients, prefix, group, target, kind, timeoutMs, signal, say } = move;
  const mailbox = new RequestMailbox({ clients, prefix });
  const by = await callerOf(move);
  try {
    const posted = await mailbox.write({ group, target, kind, by, lifeMs: timeoutMs }, signal);
    say(`asked in ${prefix}/request as ${by}; the nodes look every few seconds`);
    const outcome = await mailbox.watch(posted, signal);
    return outcome.status === 'expired' ? await expired(mailbox, posted, move) : resultOf(outcome);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return broken(mailbox, error, move);
  }
}

/** By SSM's clock it is over, whether or not it can be taken away. */
async function expired(
  mailbox: RequestMailbox,
  { id }: PostedRequest,
  move: MoveFromAfar,
): Promise<ControlResult> {
  const end = await withdrawn(mailbox, id);
  if (hasVerdict(end)) return resultOf(end);
  const how = end.status === 'withdrawn' ? 'was withdrawn' : 'has expired';
  const reason = `${await whoWasSilent(move)} did not answer in time; the request ${how}, so nothing of it happens later`;
  return { type: 'result', status: 'timeout', reason, exitCode: EXIT.timeout };
}

/** What a node has said meanwhile counts for more than that nobody waits for it any more. */
async function broken(
  mailbox: RequestMailbox,
  error: RequestError,
  { signal, prefix }: MoveFromAfar,
): Promise<ControlResult> {
  const code = error.busy ? EXIT.tryAgain : error.denied ? EXIT.noPermission : EXIT.unavailable;
  const fail = (fate: string) =>
    signal.aborted
      ? new CliError(`given up; ${fate || 'nothing was asked'}`, EXIT.error, { cause: error })
      : new CliError(`${error.message}${fate && `; ${fate}`}`, code, { cause: error });
  if (error.posted === null) throw fail('');
  const end = await withdrawn(mailbox, error.posted.id);
  if (hasVerdict(end)) return resultOf(end);
  throw fail(fateOf(end, error.posted, `${prefix}/request`));
}

type Ending = Withdrawal | { readonly status: 'not-withdrawn'; readonly why: string };

/** Ctrl-C, which ends the waiting, does not end the taking back. */
const withdrawn = (mailbox: RequestMailbox, id: string): Promise<Ending> =>
  mailbox
    .withdraw(id, new AbortController().signal)
    .catch(({ message }: RequestError) => ({ status: 'not-withdrawn', why: message }));

const hasVerdict = (end: Ending): end is Extract<Ending, { readonly status: 'done' | 'refused' }> =>
  end.status === 'done' || end.status === 'refused';

function fateOf(end: Ending, { expires, untilMs }: PostedRequest, name: string): string {
  if (end.status === 'withdrawn') return 'the request was withdrawn, so nothing of it happens later';
  if (performance.now() > untilMs) {
    return 'what became of the request is not known; it has expired, so nothing of it happens later';
  }
  return end.status === 'not-withdrawn'
    ? `the request could not be withdrawn (${end.why}): it may still happen until ${expires}; delete ${name}`
    : `the request does not stand in ${name}; should it come there late, it may still happen until ${expires}`;
}

function resultOf(outcome: RequestEnd): ControlResult {
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

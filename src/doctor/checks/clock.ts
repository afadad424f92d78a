import { ParameterNames } from '../../witness/parameter-names.ts';
import { ParameterReader } from '../../witness/parameter-reader.ts';
import { Blocked, type Check, failure, needs, ok, warning } from '../check.ts';

const CALL_TIMEOUT_MS = 5_000;
/** AWS refuses what is signed more than five minutes from its own time. */
const REFUSED_MS = 240_000;
/** The date of an answer counts whole seconds, and the answer was on its way. */
const ODD_MS = 10_000;

/** Nothing in the protocol hangs on it; signatures of AWS and the times in the logs do. */
export const clock: Check = {
  name: 'clock',
  async look(context, signal) {
    const clients = await needs('the configuration or the metadata', context.clients());
    const { witnessPrefix } = await context.configuration();
    const name = new ParameterNames(witnessPrefix).request;
    const reading = await new ParameterReader(clients).read(name, { signal, deadlineMs: CALL_TIMEOUT_MS });
    if (reading.status === 'failed') throw new Blocked('an answer of SSM');
    if (reading.dateMs === null) return [warning('SSM answered without a date', 'compare it by hand')];
    const aheadMs = Date.now() - reading.dateMs;
    const advice = 'let chrony or systemd-timesyncd set it: "timedatectl status"';
    const text = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} that of AWS`;
    if (Math.abs(aheadMs) > REFUSED_MS) {
      return [failure(`${text}, which refuses what is signed 5 minutes off`, advice)];
    }
    return [Math.abs(aheadMs) > ODD_MS ? warning(text, advice) : ok('that of AWS, within seconds')];
  },
};

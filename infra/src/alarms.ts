import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { PairAlarmsProps } from './props.ts';

interface AlarmKind {
  /** Words that stand in the daemon's sentence, and in no other. */
  readonly words: string;
  readonly description: string;
}

/** By the id of their construct. */
export const ALARMS: Readonly<Record<string, AlarmKind>> = {
  Takeover: {
    words: '(takeover: detect',
    description: 'A leader fell silent and another node took the address over',
  },
  CannotLead: {
    words: 'cannot lead:',
    description: 'A node could not take over now: until it can, there is nothing to fall back on',
  },
  AuthorityLost: {
    words: 'cannot prove any more that it leads',
    description: 'The leader hears neither its peers nor the witness; it serves on but changes nothing',
  },
  AddressFailed: {
    words: '; it is tried again',
    description: 'EC2 refused or did not answer when the address was to be moved',
  },
  ServicesFailed: {
    words: 'services on ',
    description: 'The services of a node do not start or do not stay up',
  },
  Defect: {
    words: 'a defect ended the daemon',
    description: 'The daemon crashed; service and address stayed as they were',
  },
};

/** One alarm for each kind of sentence that somebody should read, on the log group that they are shipped to. */
export function createAlarms(
  scope: Construct,
  clusterName: string,
  { logGroup, topic }: PairAlarmsProps,
): cloudwatch.Alarm[] {
  return Object.entries(ALARMS).map(([id, { words, description }]) => {
    const filter = new logs.MetricFilter(scope, `${id}Filter`, {
      logGroup,
      filterPattern: logs.FilterPattern.literal(JSON.stringify(words)),
      metricNamespace: `eipkeeper/${clusterName}`,
      metricName: id,
      metricValue: '1',
    });
    const alarm = new cloudwatch.Alarm(scope, `${id}Alarm`, {
      metric: filter.metric({ statistic: 'Sum', period: Duration.minutes(1) }),
      alarmDescription: `${clusterName}: ${description}`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // A healthy pair writes nothing for days.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    if (topic !== undefined) alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  });
}

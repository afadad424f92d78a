import { z } from 'zod';
import { positiveDurationSchema } from '../duration.ts';
import { absolutePath, exclusiveSchema, resourceNameSchema } from './common.ts';

const AGENT = /^(?:ocf:)?([A-Za-z0-9][\w.-]*):([A-Za-z0-9][\w.-]*)$/;

const parameterSchema = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' })
  .transform(String);

export const ocfSchema = z
  .strictObject({
    agent: z
      .string()
      .regex(AGENT, 'must be ocf:<provider>:<agent>, like ocf:heartbeat:Filesystem')
      .describe('The agent, like `ocf:heartbeat:Filesystem`; `ocf:` may be left out.'),
    name: resourceNameSchema
      .describe('Names the resource, for the agent too. Default: the name of the agent.')
      .optional(),
    parameters: z
      .record(z.string().regex(/^[A-Za-z_]\w*$/, 'is no name of a parameter'), parameterSchema)
      .default({})
      .describe("The agent's own parameters, checked against its meta-data."),
    exclusive: exclusiveSchema.default(true),
    root: absolutePath.default('/usr/lib/ocf').describe('Agents are in `resource.d/<provider>` below it.'),
    checkLevel: z.int().min(0).max(100).default(0).describe('The depth of its monitor, OCF_CHECK_LEVEL.'),
    validateAll: z
      .boolean()
      .default(true)
      .describe('Run its `validate-all`; `false` where its files come with a resource before it.'),
    startTimeout: positiveDurationSchema.prefault('20s').describe('A start that takes longer has failed.'),
    stopTimeout: positiveDurationSchema.prefault('20s').describe('A stop that takes longer has failed.'),
    monitorTimeout: positiveDurationSchema
      .prefault('20s')
      .describe('A `monitor` that takes longer has found out nothing.'),
  })
  .transform((value) => {
    const [, provider = '', type = ''] = AGENT.exec(value.agent) ?? [];
    return {
      provider,
      type,
      name: value.name ?? type,
      parameters: value.parameters,
      exclusive: value.exclusive,
      root: value.root,
      checkLevel: value.checkLevel,
      validateAll: value.validateAll,
      startTimeoutMs: value.startTimeout,
      stopTimeoutMs: value.stopTimeout,
      monitorTimeoutMs: value.monitorTimeout,
    };
  });
export type OcfParameters = z.output<typeof ocfSchema>;

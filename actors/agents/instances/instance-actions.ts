/** What a person may tell an instance to do; its machine may refuse. */
export const INSTANCE_ACTIONS = ['start', 'pause', 'resume', 'stop', 'retry', 'skip', 'reset'] as const
export type InstanceAction = (typeof INSTANCE_ACTIONS)[number]

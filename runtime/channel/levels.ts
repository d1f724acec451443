/** Log levels, from the most talkative. The channel carries lines of `ctx.log` by these names. */
export const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevelName = (typeof levelNames)[number];

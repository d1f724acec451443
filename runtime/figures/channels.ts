import { type Channel, channel } from 'node:diagnostics_channel';
import type { RuntimeEventType } from './events.ts';

/** Under these names subscribers of node:diagnostics_channel find the events of all runtimes of the program. */
export const channels: Readonly<Record<RuntimeEventType, Channel>> = {
  'invocation:queued': channel('warm-pool:invocation:queued'),
  'invocation:started': channel('warm-pool:invocation:started'),
  'invocation:ended': channel('warm-pool:invocation:ended'),
  'worker:starting': channel('warm-pool:worker:starting'),
  'worker:ready': channel('warm-pool:worker:ready'),
  'worker:exited': channel('warm-pool:worker:exited'),
  'function:loaded': channel('warm-pool:function:loaded'),
  'function:failed': channel('warm-pool:function:failed'),
  'function:removed': channel('warm-pool:function:removed'),
};

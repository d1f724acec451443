/** The contract of triggers. It stands with the configuration, which lists them and is below this room. */
export type { Trigger, TriggerContext } from '../config/trigger.ts';
export type { FileReceipt, FilesPlace, ReceiptState, TriggerFiles } from '../config/trigger-files.ts';
export type { EntryPlace, TriggerStore } from '../store/trigger-store.ts';

import type { Logger } from '../../runtime/index.ts';

/** How a file of a `watch` trigger has ended. */
export type FileEnd = 'done' | 'setAside';

/** A logger that passes on every line, those apart that are about a file that is done and that `isWanted` refuses. */
export function readFileLines(
  log: Logger,
  { onEnd, isWanted }: { onEnd(trigger: string, end: FileEnd): void; isWanted(trigger: string): boolean },
): Logger {
  return inherit(log, {
    child(bindings) {
      const child = log.child(bindings);
      const { trigger } = bindings;
      if (typeof trigger !== 'string') return child;
      return inherit(child, {
        info(fields: object | string, message?: string) {
          if (isOfDoneFile(fields)) {
            onEnd(trigger, 'done');
            if (!isWanted(trigger)) return;
          }
          child.info(fields as object, message);
        },
        error(fields: object | string, message?: string) {
          if (isOfFileSetAside(fields)) onEnd(trigger, 'setAside');
          child.error(fields as object, message);
        },
      });
    },
  });
}

/** Everything else stays that of `log`. */
function inherit(log: Logger, own: Partial<Logger>): Logger {
  return Object.assign(Object.create(log), own);
}

// The fields of lines are for programs: those of the trigger's lines are what tells them apart.
function isOfDoneFile(fields: object | string): boolean {
  return typeof fields === 'object' && 'file' in fields && 'outputs' in fields && 'durationMs' in fields;
}

function isOfFileSetAside(fields: object | string): boolean {
  return typeof fields === 'object' && 'file' in fields && 'code' in fields;
}

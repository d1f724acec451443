import { Store } from '../../runtime/store/store.ts';
import { LogLines } from '../support/log-lines.ts';
import { type Cleanup, makeProject } from '../support/project.ts';

/** A store in a temporary folder, closed and removed with the test. */
export function openStore(t: Cleanup, log = new LogLines()): Store {
  const project = makeProject(t);
  const store = new Store(project.path('pool.db'), log.logger);
  t.after(() => store.close());
  return store;
}

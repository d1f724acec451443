import { defaultPool, type PoolSettings } from '../config/pool-settings.ts';
import { firstWorkers, Spares } from './spares.ts';

/**
 * Starts the processes of the first workers, before it is known what they have to load: those of the default pool, which
 * loads first, and of it only one when there are others (see Code.isLoadedByOneFirst). Returns the spares of each pool.
 */
export function startAhead(pools: readonly PoolSettings[]): ReadonlyMap<string, Spares> {
  const spares = new Map(pools.map((settings) => [settings.name, new Spares(settings)] as const));
  const min = pools.find(({ name }) => name === defaultPool)?.min ?? 0;
  spares.get(defaultPool)?.startAhead(pools.length > 1 ? firstWorkers : Math.max(firstWorkers, min));
  return spares;
}

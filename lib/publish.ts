import type { Engine, Hearing } from './engine'
import { type Fault, WaError } from './errors'
import { checkMenu, menuError } from './model/check'
import { idsOf, type MenuSpec } from './model/menu'
import { undeclaredIn } from './model/undeclared'
import type { Actor } from './store/audit'
import { menuByKey, menuVersionByKey, publishDraft, rollBack, type WentLive } from './store/menus'

/** Each is lost to somebody else's write: so many in one breath are no people. */
const TRIES = 30

/** The draft that was checked is the one that goes live: when somebody saved another one meanwhile, that one is checked too. */
export async function publishChecked(
  engine: Engine,
  key: string,
  by: Actor,
  options: Parameters<Engine['publish']>[2],
  wentLive: WentLive,
): Promise<Awaited<ReturnType<Engine['publish']>>> {
  for (let tries = 1; ; tries++) {
    const menu = await menuByKey(engine.db.write, key)
    if (menu?.draft) await mayGoLive(engine, key, menu.draft, options.force)
    try {
      return await publishDraft(engine.db, key, by, options.expected ?? menu?.revision ?? null, engine.now(), wentLive)
    } catch (error) {
      const isOurs = (options.expected ?? null) === null && error instanceof WaError && error.code === 'WA_MENU_STALE'
      if (!isOurs || tries >= TRIES) throw error
    }
  }
}

/** Makes an older version live again, as a new one, after the same checks. Throws WA_NOT_FOUND when there is none. */
export async function rollBackChecked(
  engine: Engine,
  key: string,
  version: number,
  by: Actor,
  options: Parameters<Engine['rollBack']>[3],
  wentLive: WentLive,
): Promise<number> {
  const spec = await menuVersionByKey(engine.db.write, key, version)
  if (!spec) throw new WaError('WA_NOT_FOUND', `Menu "${key}" has no version ${version}.`)
  await mayGoLive(engine, key, spec, options.force)
  return rollBack(engine.db, key, version, by, engine.now(), wentLive)
}

/** Throws what keeps these words from customers: faults, variables that nobody gives, listeners of options that would go. */
async function mayGoLive(engine: Engine, key: string, spec: MenuSpec, force = false): Promise<void> {
  checkMenu(spec)
  const declared = (await menuByKey(engine.db.write, key))?.declared
  const unknown = declared ? undeclaredIn(spec, declared) : []
  if (unknown.length > 0) throw menuError(key, unknown)
  const breaks = force ? [] : await engine.wouldBreak(key, spec)
  if (breaks.length === 0) return
  throw new WaError(
    'WA_MENU_IN_USE',
    breaks.map((one) => one.fault.message).join(' '),
    breaks.map((one) => one.fault),
  )
}

/** See `Engine.wouldBreak`. */
export async function wouldBreak(engine: Engine, key: string, next: MenuSpec): Promise<(Hearing & { fault: Fault })[]> {
  const menu = await menuByKey(engine.db.read, key)
  return menu ? lostHearings(key, [menu.published, menu.declared], next, engine.hearings()) : []
}

/** Listeners of ids that the live menu or its declaration has and the next one has not. */
function lostHearings(key: string, before: readonly (MenuSpec | null)[], next: MenuSpec, hearings: readonly Hearing[]): (Hearing & { fault: Fault })[] {
  const stays = new Set(idsOf(next))
  const goes = [...new Set(before.flatMap((spec) => (spec ? idsOf(spec) : [])))].filter((id) => !stays.has(id))
  return goes.flatMap((id) =>
    hearings
      .filter((hearing) => (hearing.menu === null || hearing.menu === key) && (hearing.id === id || (hearing.id.endsWith(':') && id.startsWith(hearing.id))))
      .map((hearing) => ({
        ...hearing,
        id,
        fault: {
          path: 'id',
          actual: id,
          message: `Menu "${key}" would lose the option "${id}", and the code listens to it (${hearing.listener}).`,
          fix: 'Keep the option, or publish all the same if the developers agree.',
        },
      })),
  )
}

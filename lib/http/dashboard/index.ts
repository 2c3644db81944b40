import type { ServerResponse } from 'node:http'
import type { Engine } from '../../engine'
import { WaError } from '../../errors'
import { createAttempts } from '../attempts'
import type { Exchange, Request, Role, Route, User } from '../exchange'
import { type Access, requireRole, requireSameOrigin, whoIs } from '../guard'
import { baseFor, type Place } from '../mount'
import { logged } from '../problem'
import { finder } from '../router'
import { chosenLanguage } from '../words/languages'
import * as assets from './assets'
import * as audit from './audit'
import * as choose from './choose'
import * as conversation from './conversation'
import * as conversations from './conversations'
import * as customer from './customer'
import * as decideAll from './decide-all'
import * as events from './events'
import * as exporting from './export'
import * as insight from './insight'
import * as language from './language'
import * as live from './live'
import * as menus from './menus/index'
import * as outbox from './outbox'
import * as overview from './overview'
import { type Frame, refuse, setFrame } from './page'
import * as phone from './phone'
import * as settings from './settings'

/** The whole dashboard: what may be asked, and by whom. */
export const ROUTES: readonly Route<Role>[] = [
  overview,
  insight,
  menus,
  conversations,
  conversation,
  choose,
  customer,
  exporting,
  decideAll,
  outbox,
  events,
  phone,
  audit,
  settings,
  language,
  live,
  assets,
].flatMap((resource) => resource.routes)

/** Answers what is below the mount and no other part's; everybody is asked who they are first, also where there is nothing. */
export function createDashboard(access: Access, frame: Frame): (req: Request, res: ServerResponse, engine: Engine, place: Place) => Promise<boolean> {
  const find = finder(ROUTES)
  const attempts = createAttempts()
  /** Only HTTP basic is ours to protect; a host's own sign-in has its own guard. */
  const enter = async (req: Request): Promise<User> => {
    if (access.authorize || !access.basic || req.headers.authorization === undefined) return whoIs(req, access)
    const address = req.socket.remoteAddress ?? ''
    attempts.admit(address, Date.now())
    try {
      const user = await whoIs(req, access)
      attempts.succeeded(address)
      return user
    } catch (error) {
      attempts.failed(address, Date.now())
      throw error
    }
  }
  return async (req, res, engine, { base: mounted, path, query }) => {
    setFrame(engine, frame)
    const base = baseFor(req, mounted, engine.publicUrl)
    let inside: Exchange | null = null
    const t = frame.look.languages.say(chosenLanguage(req.headers.cookie))
    try {
      const user = await enter(req)
      inside = { req, res, engine, user, t, zone: frame.look.timeZone, base, path, query: storableIn(query), params: {} }
      const met = find(req, res, path)
      if (met === null) throw new WaError('WA_NOT_FOUND', 'There is no such page here.')
      if ('allow' in met)
        throw new WaError('WA_METHOD', `This address knows ${met.allow.join(', ')}, not ${req.method}.`, [
          { path: 'method', message: 'unknown', actual: req.method, limit: met.allow.join(', ') },
        ])
      requireRole(user, met.route.may)
      if (met.route.method !== 'GET') requireSameOrigin(req)
      await met.route.handle({ ...inside, params: met.params })
    } catch (error) {
      if (res.headersSent) {
        logged(error, engine.log, path)
        res.destroy()
      } else await refuse(req, res, base, logged(error, engine.log, path), { basic: access.basic !== null, inside, t, draw: frame.look.draw })
    }
    return true
  }
}

/** Nothing that is stored holds a NUL, and PostgreSQL refuses to look for one. */
const storableIn = (query: URLSearchParams): URLSearchParams =>
  query.size === 0 ? query : new URLSearchParams(Array.from(query, ([name, value]): [string, string] => [name, value.replaceAll('\u0000', '\uFFFD')]))

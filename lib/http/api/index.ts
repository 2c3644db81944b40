import type { ServerResponse } from 'node:http'
import type { Engine } from '../../engine'
import { WaError } from '../../errors'
import type { Exchange, Request } from '../exchange'
import { type Access, requireScope, whichKey } from '../guard'
import type { Place } from '../mount'
import { logged, sendProblem } from '../problem'
import { finder } from '../router'
import { speak } from '../words/say'

/** Answers `/api/…`. Everybody is asked for their key first, also where there is nothing. */
export function createApi(access: Access): (req: Request, res: ServerResponse, engine: Engine, place: Place) => Promise<boolean> {
  let loaded: ReturnType<typeof load> | undefined
  return async (req, res, engine, { base, path, query }) => {
    try {
      const key = whichKey(req, access)
      loaded ??= load()
      const met = loaded.find(req, res, path)
      if (met === null) throw new WaError('WA_NOT_FOUND', `The API has no ${path}. It describes itself: GET ${base}/api/openapi.json.`)
      if ('allow' in met) {
        res.setHeader('Allow', met.allow.join(', '))
        throw new WaError('WA_METHOD', `${path} knows ${met.allow.join(', ')}, not ${req.method}.`, [
          { path: 'method', message: 'unknown', actual: req.method, limit: met.allow.join(', ') },
        ])
      }
      requireScope(key, met.route.may)
      const exchange: Exchange = {
        req,
        res,
        engine,
        user: { id: `key:${key.name}`, name: key.name, role: 'admin' },
        t: loaded.t,
        zone: 'UTC',
        base,
        path,
        query,
        params: met.params,
      }
      await met.route.handle(exchange, await loaded.readAsked(exchange, met.route))
    } catch (error) {
      sendProblem(res, logged(error, engine.log, path))
    }
    return true
  }
}

// joi and every schema are loaded at the first request that has a key: importing this package costs a host nothing.
function load() {
  const { ROUTES } = require('./routes') as typeof import('./routes')
  const { readAsked } = require('./asked') as typeof import('./asked')
  return { find: finder(ROUTES), readAsked, t: speak('en', []) }
}

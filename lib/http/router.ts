import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Method, Request, Route } from './exchange'

/** What of a route the finder reads. */
type Line = Pick<Route<string>, 'method' | 'path'>

/** The route that a request meets, with its parameters; the methods that would do when only the path fits; null when it is not ours. */
export type Met<R> = { route: R; params: Record<string, string> } | { allow: Method[] } | null

/** Finds the line of a route table that a request meets. Express's own router matches, so patterns mean what Express developers expect. */
export function finder<R extends Line>(routes: readonly R[]): (req: Request, res: ServerResponse, path: string) => Met<R> {
  let find: ((req: Request, res: ServerResponse, path: string) => Met<R>) | undefined
  return (req, res, path) => {
    find ??= build(routes)
    return find(req, res, path)
  }
}

// Express is loaded at the first request that is ours: importing this package costs a host nothing.
function build<R extends Line>(routes: readonly R[]): (req: Request, res: ServerResponse, path: string) => Met<R> {
  const express = require('express') as typeof import('express')
  const router = express.Router({ caseSensitive: true })
  const METHODS = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const
  for (const route of routes) {
    router[METHODS[route.method]](route.path, (req, _res, next) => {
      const probe = req as unknown as Probe<R>
      probe.met = { route, params: { ...req.params } as Record<string, string> }
      next('router')
    })
  }
  const paths = [...new Set(routes.map((route) => route.path))]
  return (req, res, path) => {
    const method = req.method === 'HEAD' ? 'GET' : (req.method ?? '')
    // No other method reaches the router: it would answer OPTIONS itself, past everybody who has a say.
    const met = Object.hasOwn(METHODS, method) ? ask<R>(router, method, path, res) : null
    if (met) return met
    const allow = (Object.keys(METHODS) as Method[]).filter((method) => paths.length > 0 && ask(router, method, path, res) !== null)
    return allow.length > 0 ? { allow } : null
  }
}

interface Probe<R> {
  met: { route: R; params: Record<string, string> } | null
}

/** The router sees a stand-in, so that nothing of the host's request is touched while we look whether it is ours. */
function ask<R>(router: (req: never, res: never, next: (error?: unknown) => void) => void, method: string, path: string, res: ServerResponse): Probe<R>['met'] {
  const probe = { method, url: path, originalUrl: path, baseUrl: '', met: null } as unknown as IncomingMessage & Probe<R>
  router(probe as never, res as never, () => {})
  return probe.met
}

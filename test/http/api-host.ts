import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020'
import express from 'express'
import request from 'supertest'
import { openApi } from '../../lib/http/api/openapi'
import { ROUTES } from '../../lib/http/api/routes'
import { buttons, list, waInteractive } from '../../lib/index'
import type { WaOptions } from '../../lib/options'
import { testOptions, testPhone } from '../../lib/testing'

export const KEYS = { read: 'read-key-0123456789', send: 'send-key-0123456789', admin: 'admin-key-0123456789' } as const
export type Who = keyof typeof KEYS | null

export const trackLink = buttons('track-link', {
  body: 'Order {{order}} has shipped.',
  variables: { order: { sample: 'ORD-1' } },
  buttons: [
    { id: 'thanks', title: 'Thanks' },
    { id: 'where', title: 'Where is it?' },
  ],
})
export const help = list('help', { body: 'How can we help?', button: 'Select Topic', sections: [{ rows: [{ id: 'agent', title: 'Talk to a person' }] }] })

export interface Ask {
  body?: unknown
  as?: Who
  headers?: Record<string, string>
}

/** A host with a key of each scope. Every answer is checked against the document that the API gives of itself. */
export async function apiHost(t: TestContext, more: Partial<WaOptions> = {}) {
  const { control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    menus: [trackLink, help],
    apiKeys: Object.entries(KEYS).map(([scope, key]) => ({ name: `${scope} shop`, key, scope: scope as keyof typeof KEYS })),
    ...more,
  } as WaOptions)
  const server = createServer(express().use(wa)).listen(0, '127.0.0.1')
  await wa.start()
  t.after(async () => {
    await wa.close()
    server.closeAllConnections()
    server.close()
  })
  const ask = caller(server)
  return {
    wa,
    control,
    options,
    server,
    ...ask,
    phone: (who: Parameters<typeof testPhone>[1] = {}) => testPhone(wa, who),
    port: () => (server.address() as AddressInfo).port,
  }
}

/** Asks the API of a server, and holds its answers against the document. */
export function caller(server: Parameters<typeof request>[0], mount = '/wa') {
  const ask = async (method: 'get' | 'post' | 'put' | 'delete', path: string, { body, as = 'admin', headers = {} }: Ask = {}) => {
    const asking = request(server)[method](`${mount}/api${path}`).set(headers)
    if (as !== null) asking.set('Authorization', `Bearer ${KEYS[as]}`)
    const answer = await (body === undefined ? asking : asking.send(body as object))
    isAsDocumented(method, `/api${path}`, answer)
    return answer
  }
  return {
    get: (path: string, how?: Ask) => ask('get', path, how),
    post: (path: string, body?: unknown, how?: Ask) => ask('post', path, { ...how, body }),
    put: (path: string, body?: unknown, how?: Ask) => ask('put', path, { ...how, body }),
    del: (path: string, how?: Ask) => ask('delete', path, how),
  }
}

/** All pages of a list, one item's id each. */
export async function walk(get: (path: string) => Promise<{ body: { items: { id: string }[]; next: string | null } }>, path: string): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | null = ''; after !== null; ) {
    const { body } = await get(`${path}${path.includes('?') ? '&' : '?'}limit=3${after === '' ? '' : `&after=${after}`}`)
    ids.push(...body.items.map((item) => item.id))
    after = body.next
    assert.ok(ids.length <= 500, 'a list without end')
  }
  return ids
}

type Json = Record<string, never>
interface Operation {
  responses: Record<string, { headers?: Json; content?: Record<string, { schema: object }> }>
}

export const DOCUMENT = openApi(ROUTES, '/wa') as { paths: Record<string, Record<string, Operation>>; components: { schemas: Json } }

export const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true })
ajv.addVocabulary(['components'])
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
const compiled = new Map<object, ValidateFunction>()

/** A schema of the document, its references resolved. */
export function compile(schema: object): ValidateFunction {
  const known = compiled.get(schema) ?? ajv.compile({ ...schema, components: DOCUMENT.components })
  compiled.set(schema, known)
  return known
}

function isAsDocumented(method: string, path: string, answer: request.Response): void {
  const operation = operationOf(method, path.split('?')[0] ?? '')
  if (!operation) return
  const response = operation.responses[answer.status]
  assert.ok(response, `${method} ${path} answered ${answer.status}, which the document does not know: ${answer.text}`)
  for (const header of ['etag', 'location', 'retry-after'])
    assert.equal(
      answer.headers[header] !== undefined,
      Object.keys(response.headers ?? {}).some((name) => name.toLowerCase() === header),
      `${method} ${path} ${answer.status}: header ${header}`,
    )
  if (!response.content) {
    assert.equal(answer.text, '')
    return
  }
  const [type, content] = Object.entries(response.content)[0] ?? ['', { schema: {} }]
  assert.match(String(answer.headers['content-type']), new RegExp(`^${type.replace('+', '\\+')}`))
  const validate = compile(content.schema)
  assert.ok(validate(answer.body), `${method} ${path} ${answer.status}: ${ajv.errorsText(validate.errors)}\n${answer.text}`)
}

function operationOf(method: string, path: string): Operation | undefined {
  const route = ROUTES.find((one) => one.method.toLowerCase() === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path))
  return route && DOCUMENT.paths[route.path.replaceAll(/:(\w+)/g, '{$1}')]?.[method]
}

import type { Schema } from 'joi'
import { CODES, type WaCode } from '../../errors'
import { sendJson } from '../problem'
import type { ApiRoute } from './route'
import { Contact, Conversation } from './schemas/conversation'
import { Decided, Event } from './schemas/event'
import { Menu, MenuAtKey, Published, StoredMenu } from './schemas/menu'
import { LoggedMessage, Message, MessageDetail, Send, Sent, Status, To } from './schemas/message'
import { Problem } from './schemas/problem'
import { J, shape } from './schemas/shape'

/** The routes, and one more that describes them all, itself too. */
export function describing(routes: readonly ApiRoute[]): readonly ApiRoute[] {
  const all: ApiRoute[] = [
    ...routes,
    {
      method: 'GET',
      path: '/api/openapi.json',
      may: 'read',
      id: 'getOpenApi',
      summary: 'This document',
      answer: { status: 200, about: 'OpenAPI 3.1.', schema: shape({ openapi: J.string(), info: J.object().unknown(), paths: J.object().unknown() }).unknown() },
      handle: async (x) => sendJson(x.res, 200, openApi(all, x.base)),
    },
  ]
  return all
}

/** Shapes that are worth a name; wherever one stands in the document it is referred to. */
const NAMED: Record<string, Schema> = {
  Send,
  To,
  Message,
  Sent,
  Status,
  LoggedMessage,
  MessageDetail,
  Menu,
  MenuAtKey,
  StoredMenu,
  Published,
  Conversation,
  Contact,
  Event,
  Decided,
  Problem,
}
/** What every route may answer instead. */
const ALWAYS: readonly WaCode[] = ['WA_REQUEST_INVALID', 'WA_UNAUTHORIZED', 'WA_NOT_CONFIGURED', 'WA_FORBIDDEN', 'WA_CLOSED', 'WA_DATABASE', 'WA_INTERNAL']
const WITH_BODY: readonly WaCode[] = ['WA_BODY_INVALID', 'WA_BODY_TOO_LARGE', 'WA_BODY_TYPE']

type Json = Record<string, unknown>

/** OpenAPI 3.1 of a route table, from the very schemas that judge the requests: joi converts them itself. */
export function openApi(routes: readonly ApiRoute[], base: string): Json {
  const { convert, components } = converter()
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, convert) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'wa-interactive',
      version: '1',
      description:
        'WhatsApp interactive messages: send them, write their menus, read what was said, decide on what needs a person. ' +
        'Lists are newest first. Errors are application/problem+json with a stable code and every fault at once.',
    },
    servers: [{ url: base === '' ? '/' : base }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'A key of option apiKeys, or WA_API_KEY. Scopes: read < send < admin.' } },
    },
  }
}

function operationOf(route: ApiRoute, convert: Convert): Json {
  const { answer, body } = route
  const query = (route.query ? (convert(route.query) as { properties?: Record<string, Json> }).properties : undefined) ?? {}
  const parameters = [
    ...[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(query).map(([name, schema]) => parameter(name, 'query', schema)),
    ...Object.entries(route.headers ?? {}).map(([name, schema]) => parameter(name, 'header', convert(schema))),
  ]
  return {
    operationId: route.id,
    summary: route.summary,
    description: `${route.about ? `${route.about} ` : ''}Needs a key with scope ${route.may}.`,
    security: [{ apiKey: [route.may] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: !body.optional,
            content: { 'application/json': { schema: convert(body.schema), ...(body.example === undefined ? {} : { example: body.example }) } },
          },
        }
      : {}),
    responses: {
      [answer.status]: {
        description: answer.about,
        ...(answer.headers
          ? { headers: Object.fromEntries(Object.entries(answer.headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }])) }
          : {}),
        ...(answer.schema ? { content: { 'application/json': { schema: convert(answer.schema) } } } : {}),
      },
      ...refusalsOf([...ALWAYS, ...(body ? WITH_BODY : []), ...(route.refuses ?? [])]),
    },
  }
}

function parameter(name: string, where: 'query' | 'header', { description, ...schema }: Json): Json {
  return { name, in: where, required: false, ...(description === undefined ? {} : { description }), schema }
}

/** Refusals by status, each with its codes. */
function refusalsOf(codes: readonly WaCode[]): Json {
  const byStatus = new Map<number, WaCode[]>()
  for (const code of codes) byStatus.set(CODES[code].status, [...(byStatus.get(CODES[code].status) ?? []), code])
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((code) => `${code}: ${CODES[code].title}.`).join(' '),
        ...(status === 503 || status === 429 ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } } : {}),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

type Convert = (schema: Schema) => Json

function converter(): { convert: Convert; components: Record<string, unknown> } {
  const plain = (schema: Schema): Json => schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' })
  const named = Object.entries(NAMED).map(([name, schema]): [string, Json] => [name, plain(schema)])
  const names = new Map(named.map(([name, json]) => [JSON.stringify(json), name]))
  const refer = (json: unknown): unknown => {
    if (typeof json !== 'object' || json === null) return json
    const name = names.get(JSON.stringify(json))
    return name === undefined ? inside(json) : { $ref: `#/components/schemas/${name}` }
  }
  const inside = (json: object): unknown =>
    Array.isArray(json) ? json.map(refer) : Object.fromEntries(Object.entries(json).map(([field, value]) => [field, refer(value)]))
  return { convert: (schema) => refer(plain(schema)) as Json, components: Object.fromEntries(named.map(([name, json]) => [name, inside(json)])) }
}

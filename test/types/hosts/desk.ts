// A service desk with its own people, and a menu that staff made (Register). Compiled, never run.

import { createServer } from 'node:http'
import express, { type Request } from 'express'
import { list, type Wa, waInteractive } from 'wa-interactive'

declare module 'wa-interactive' {
  interface Register {
    menus: { 'monsoon-offer': { ids: 'buy_now' | 'later'; variables: { name: string | number } } }
    contact: { plan: 'free' | 'pro'; since: string }
  }
}
const help = list('help', { body: 'Topic?', button: 'Select', sections: [{ rows: [{ id: 'agent', title: 'Talk to an agent' }] }] })
type HostRequest = Request & { user?: { id: string; name: string; perms: string[] } }
export const wa = waInteractive({
  menus: [help],
  logger: false,
  publicUrl: 'https://shop.example/wa',
  authorize: (req: HostRequest) => req.user && { id: req.user.id, name: req.user.name, role: req.user.perms.includes('menus') ? 'editor' : 'agent' },
})
wa.onReply('agent', ({ handOver, contact }) => {
  const p: 'free' | 'pro' = contact.attributes.plan
  return handOver({ to: 'zendesk', note: p })
})
wa.on('handover', ({ contact, conversation, by }) => {
  void [contact.externalId, conversation.window.closesAt, by]
})
wa.on('message', { name: 'to-zendesk', whilePerson: true }, ({ event }) => event.raw)
wa.onReply('buy_now', () => {})
export async function main(): Promise<void> {
  await wa.send('+91', 'monsoon-offer', { name: 'A' })
  // @ts-expect-error
  await wa.send('+91', 'monsoon-offer')
}
export async function zendeskAnswered(phone: string, text: string) {
  const c = await wa.conversations.get(phone)
  if (c?.mode === 'person' && c.window.open) await wa.send(phone, { text })
  await c?.handBack()
}
export type AppWa = typeof wa
export function registerDesk(w: AppWa) {
  w.onReply('agent', () => {})
  // @ts-expect-error kept in another file
  w.onReply('agnt', () => {})
}
// biome-ignore lint/suspicious/noExplicitAny: a library that takes any host's wa.
export function library(w: Wa<any>) {
  w.onReply('anything', () => {})
}
registerDesk(wa)
library(wa)
const app = express()
app.use(wa)
createServer(wa)

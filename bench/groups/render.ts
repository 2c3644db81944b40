import { median } from '../kit/stats'
import { table } from '../kit/table'
import { part } from '../package'
import type { Bench } from '../run'

const { render: draw } = part<typeof import('../../lib/model/render')>('model/render.js')
const { cloudApi, cloudApiBody } = part<typeof import('../../lib/providers/cloud-api')>('providers/cloud-api.js')
const { prepareMenu } = part<typeof import('../../lib/outbox/prepared-menu')>('outbox/prepared-menu.js')
type MenuSpec = import('../../lib/model/menu').MenuSpec

const rows = Array.from({ length: 10 }, (_, index) => ({ id: `topic_${index}`, title: `Topic number ${index}`, description: 'Get real-time delivery status' }))
const menu: MenuSpec = {
  key: 'help',
  type: 'list',
  header: { type: 'text', text: 'Help Center' },
  body: 'Hi {{name}}, how can we help with {{order}}?',
  button: 'Select Topic',
  sections: [{ title: 'Orders', rows }],
}
const variables = { name: 'Asha', order: 'ORD-12345' }

/** A menu with variables becomes JSON of the wire; CPU of one core, seven times 200 ms each. */
export async function render({ say }: Bench): Promise<object> {
  const to = { phone: '+919800000001', bsuid: null }
  const ref = 'r'.repeat(22)
  const parcel = (message: ReturnType<typeof draw>, content: string | null) => ({ to, message, content, ref, replyTo: null, statusCallback: null })
  const finished = cloudApi({}, {}).wire(parcel(draw(menu, variables), null))
  const prepared = prepareMenu(menu, [])
  const message = draw(menu, variables)
  const written = (): string => cloudApiBody(parcel(message, prepared(variables).message.content))
  if (written() !== JSON.stringify(finished)) throw new Error('a prepared menu is not written as the one that is rendered')
  const found = {
    'JSON.stringify of the finished object': cpuOf(() => JSON.stringify(finished)),
    'a prepared menu, written': cpuOf(written),
    'the same, to bytes': cpuOf(() => Buffer.from(written())),
    'JSON.stringify of the finished object, to bytes': cpuOf(() => Buffer.from(JSON.stringify(finished))),
    'read, fill and check (render)': cpuOf(() => draw(menu, variables)),
    'render, wire and stringify': cpuOf(() => cloudApiBody(parcel(draw(menu, variables), null))),
  }
  const base = found['JSON.stringify of the finished object']
  say(
    'menu to JSON of the wire',
    table(Object.entries(found).map(([what, us]) => ({ what, 'us of CPU': us.toFixed(1), 'speed to JSON.stringify': (base / us).toFixed(2) }))),
  )
  return found
}

function cpuOf(work: () => unknown): number {
  for (let nth = 0; nth < 5000; nth++) work()
  return median(
    Array.from({ length: 7 }, () => {
      const [from, until] = [process.cpuUsage(), performance.now() + 200]
      let times = 0
      for (; performance.now() < until; times += 20) for (let nth = 0; nth < 20; nth++) work()
      const { user, system } = process.cpuUsage(from)
      return (user + system) / times
    }),
  )
}

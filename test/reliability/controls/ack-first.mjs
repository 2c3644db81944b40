// A library that answers 200 before the row is committed, as many do. The invariants must find what it loses.
import { createRequire } from 'node:module'

const receive = createRequire(import.meta.url)('../../../dist/lib/inbox/receive.js')
const { createDoor } = receive
receive.createDoor = (parts) => {
  const knock = createDoor(parts)
  return async (number, request) => {
    setTimeout(() => void knock(number, request).catch(() => {}), 30)
    return { status: 200, headers: {}, body: 'ok' }
  }
}

/** Stands in for the shop's own system: an order lookup that takes its time. */
export interface Order {
  id: string
  status: string
}

const orders = new Map<string, Order>([
  ['ORD-12345', { id: 'ORD-12345', status: 'is out for delivery. ETA: 3 PM.' }],
  ['ORD-20001', { id: 'ORD-20001', status: 'is being packed.' }],
  ['ORD-30007', { id: 'ORD-30007', status: 'was delivered yesterday.' }],
])

const LOOKUP_MS = 300
const slowly = (): Promise<void> => new Promise((done) => setTimeout(done, LOOKUP_MS))

export async function findOrder(id: string): Promise<Order | undefined> {
  await slowly()
  return orders.get(id.trim().toUpperCase())
}

export async function cancelOrder(id: string): Promise<void> {
  await slowly()
  const order = orders.get(id)
  if (order) order.status = 'was cancelled at your request.'
}

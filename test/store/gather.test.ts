import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gather } from '../../lib/store/gather'

const turn = (): Promise<void> => new Promise((next) => setImmediate(next))

/** Writes that end when they are told to, and a note of what each was given. */
function slow() {
  const batches: string[][] = []
  const gates: (() => void)[] = []
  const write = async (batch: readonly string[]): Promise<string[]> => {
    batches.push([...batch])
    await new Promise<void>((open) => gates.push(open))
    if (batch.includes('bad')) throw new Error('refused')
    return batch.map((one) => `${one} written`)
  }
  const open = async (): Promise<void> => {
    gates.shift()?.()
    await turn()
  }
  return { batches, write, open }
}

test('those of one turn share a write, those that come meanwhile the next ones, in their order', async () => {
  const { batches, write, open } = slow()
  const ask = gather(write, 2)

  const first = ['a', 'b'].map(ask)
  await turn()
  const next = ['c', 'd', 'e'].map(ask)
  for (let nth = 0; nth < 3; nth++) await open()

  assert.deepEqual(batches, [['a', 'b'], ['c', 'd'], ['e']])
  assert.deepEqual(await Promise.all([...first, ...next]), ['a written', 'b written', 'c written', 'd written', 'e written'])
})

test('one that is refused keeps none of its neighbours from being written', async () => {
  const { batches, write, open } = slow()
  const ask = gather(write, 10)

  const done = Promise.allSettled(['a', 'b', 'bad', 'c'].map(ask))
  await turn()
  for (let nth = 0; nth < 5; nth++) await open()

  assert.deepEqual(batches, [['a', 'b', 'bad', 'c'], ['a'], ['b'], ['bad'], ['c']])
  assert.deepEqual(
    (await done).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
})

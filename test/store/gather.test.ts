import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gather } from '../../lib/store/gather'

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
    await new Promise((turn) => setImmediate(turn))
  }
  return { batches, write, open }
}

test('the first is written at once; those that come meanwhile share the next writes, in their order', async () => {
  const { batches, write, open } = slow()
  const ask = gather(write, 2)

  const done = Promise.all(['a', 'b', 'c', 'd'].map(ask))
  await open()
  await open()
  await open()

  assert.deepEqual(batches, [['a'], ['b', 'c'], ['d']])
  assert.deepEqual(await done, ['a written', 'b written', 'c written', 'd written'])
})

test('one that is refused keeps none of its neighbours from being written', async () => {
  const { batches, write, open } = slow()
  const ask = gather(write, 10)

  const done = Promise.allSettled(['a', 'b', 'bad', 'c'].map(ask))
  for (let turn = 0; turn < 5; turn++) await open()

  assert.deepEqual(batches, [['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']])
  assert.deepEqual(
    (await done).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
})

/** The same body once for each object in it, that object with another field. `text` is JSON, so that `__proto__` arrives as a key of its own. */
export function* withField(body: unknown, name: string, text: string): Generator<string> {
  const objects: Record<string, unknown>[] = []
  const find = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return
    if (!Array.isArray(part)) objects.push(part as Record<string, unknown>)
    for (const inner of Object.values(part)) find(inner)
  }
  const copy = structuredClone(body)
  find(copy)
  for (const object of objects) {
    object.MARK = 0
    yield JSON.stringify(copy).replace('"MARK":0', `${JSON.stringify(name)}:${text}`)
    delete object.MARK
  }
}

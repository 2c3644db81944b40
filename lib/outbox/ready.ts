/** Content of the wire of messages that were just decided: written with the decision, so that nobody writes it again from the log when it leaves. */
export interface Ready {
  keep(messageId: number, content: string): void
  /** Null when it is not here: another instance decided it, or it has waited for long. It is then written from its row, to the same bytes. */
  take(messageId: number): string | null
}

/** At most so many, the oldest are forgotten first: a few megabytes. */
const MOST = 1000

export function createReady(): Ready {
  const kept = new Map<number, string>()
  return {
    keep(messageId, content) {
      if (kept.size >= MOST) for (const oldest of kept.keys()) if (kept.delete(oldest)) break
      kept.set(messageId, content)
    },
    take(messageId) {
      const content = kept.get(messageId) ?? null
      if (content !== null) kept.delete(messageId)
      return content
    },
  }
}

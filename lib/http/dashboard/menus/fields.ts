import type { Variables } from '../../../model/menu'
import { lengthsOf } from '../../../model/wording'
import type { Remark } from './findings'
import { elementId, fieldName } from './places'

/** What is said at one place; also where there is nothing to say, so that something can come. */
export interface About {
  element: string
  path: string
  remarks: readonly Remark[]
}
export interface Field {
  path: string
  id: string
  name: string
  label: string
  value: string
  /** Lines: 1 is an input, more a textarea. */
  lines: number
  limit: number | null
  /** Code points as WhatsApp will count them, variables with their samples. */
  count: number
  length: 'ok' | 'near' | 'over'
  hint: string | null
  placeholder: string
  type: 'text' | 'url' | 'tel'
  /** Identifies: set in a fixed-width face, no spelling. */
  code: boolean
  about: About
}

export interface Look {
  limit?: number | null
  lines?: number
  hint?: string | null
  placeholder?: string
  type?: Field['type']
  code?: boolean
}
export type MakeField = (path: string, label: string, value: string | undefined, look: Look) => Field
export type MakeAbout = (path: string) => About

export const fieldMaker =
  (variables: Variables, about: MakeAbout): MakeField =>
  (path, label, value = '', { limit = null, lines = 1, hint = null, placeholder = '', type = 'text', code = false }: Look) => {
    const { least, likely } = lengthsOf(value, variables)
    const count = Math.max(least, likely)
    const length = limit === null || count < limit * 0.9 ? 'ok' : count > limit ? 'over' : 'near'
    return {
      path,
      id: elementId('f', path),
      name: fieldName(path),
      label,
      value,
      lines,
      limit,
      count,
      length,
      hint,
      placeholder,
      type,
      code,
      about: about(path),
    }
  }

import { CODES } from '../../../errors'
import { J, listOf, shape, text } from './shape'

const Fault = shape(
  { path: text().description('Where, in the words of the JSON: `sections[0].rows[2].title`; empty for the whole.'), message: text() },
  { actual: J.any().description('What was found.'), limit: J.any().description('What is allowed.'), fix: text().description('The way out.') },
)
export const Problem = shape({
  type: J.string(),
  title: J.string(),
  status: J.number().integer(),
  code: J.valid(...Object.keys(CODES)).description('Stable: made for scripts.'),
  detail: text(),
  errors: listOf(Fault).description('Every fault at once.'),
}).description('RFC 9457.')

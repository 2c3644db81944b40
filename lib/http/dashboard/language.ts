import { WaError } from '../../errors'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { languageCookie } from '../words/languages'
import { fieldOf } from './asked'
import { frameOf, page, seeOther } from './page'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/language', may: 'viewer', handle: show },
  { method: 'POST', path: '/language', may: 'viewer', handle: choose },
]

async function show(x: Exchange): Promise<void> {
  return page(x, 'language/index', { title: x.t('Language'), languages: frameOf(x.engine).look.languages.offered, chosen: x.t.language })
}

/** Kept in this browser alone: it is nobody else's business, and the host knows its people better than we do. */
async function choose(x: Exchange): Promise<void> {
  const tag = fieldOf(await readForm(x.req), 'language')
  if (!frameOf(x.engine).look.languages.offered.some((one) => one.tag === tag))
    throw new WaError('WA_REQUEST_INVALID', `There are no words in the language "${tag.slice(0, 20)}".`)
  x.res.appendHeader('Set-Cookie', languageCookie(tag, x.base))
  return seeOther(x, '/language')
}

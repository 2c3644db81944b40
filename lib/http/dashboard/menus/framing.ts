import { LIMITS } from '../../../model/limits'
import type { MenuSpec } from '../../../model/menu'
import { english, type Say } from '../../words/say'
import type { About, Field, MakeAbout, MakeField } from './fields'

/** What stands around the options. */
export interface Framing {
  header: { type: string; types: readonly { value: string; words: string }[]; text: Field; link: Field; id: Field; filename: Field; about: About } | null
  body: Field | null
  footer: Field | null
  listButton: Field | null
}

const HEADERS = [
  { value: 'none', words: english('None') },
  { value: 'text', words: english('Text') },
  { value: 'image', words: english('Photo') },
  { value: 'video', words: english('Video') },
  { value: 'document', words: english('Document') },
] as const

export function framing(menu: MenuSpec, field: MakeField, about: MakeAbout, t: Say): Framing {
  if (menu.type === 'template') return { header: null, body: null, footer: null, listButton: null }
  const body = field('body', menu.type === 'text' ? t('Text') : t('Body'), menu.body, {
    limit: menu.type === 'text' ? LIMITS.text : LIMITS.body,
    lines: menu.type === 'text' ? 6 : 4,
    hint: t('*bold*, _italic_, ~struck~. {{name}} is filled in when it is sent.'),
  })
  if (menu.type === 'text') return { header: null, body, footer: null, listButton: null }
  const { header } = menu
  const file = header && header.type !== 'text' ? header : undefined
  const known = header?.type ?? 'none'
  return {
    header: {
      type: known,
      types: HEADERS.filter((one) => menu.type !== 'list' || one.value === 'none' || one.value === 'text' || one.value === known).map(({ value, words }) => ({
        value,
        words: t(words),
      })),
      text: field('header.text', t('Header text'), header?.type === 'text' ? header.text : '', { limit: LIMITS.headerText }),
      link: field('header.link', t('Address of the file'), file?.link, { limit: LIMITS.url, type: 'url', placeholder: 'https://shop.example/photo.jpg' }),
      id: field('header.id', t('Or the id of a file that the provider keeps'), file?.id, { limit: LIMITS.mediaId, code: true }),
      filename: field('header.filename', t('File name that customers see'), file?.type === 'document' ? file.filename : '', {
        limit: LIMITS.filename,
        placeholder: 'invoice.pdf',
      }),
      about: about('header'),
    },
    body,
    footer: field('footer', t('Footer'), menu.footer, { limit: LIMITS.footer, placeholder: t('Reply AGENT to talk to a human') }),
    listButton:
      menu.type === 'list'
        ? field('button', t('Button that opens the list'), menu.button, { limit: LIMITS.listButton, placeholder: t('Choose a topic') })
        : null,
  }
}

import type { MenuSpec, MenuType } from '../../../model/menu'
import { english, type Say } from '../../words/say'

export const GLYPHS: Record<MenuType, string> = { button: 'reply', list: 'list', cta_url: 'url', cta_phone: 'phone', text: 'words', template: 'document' }

/** What each type is for, in one line, with an example that is drawn. In the order in which they are offered. */
export const TYPES: readonly { type: MenuType; line: string; example: MenuSpec }[] = [
  {
    type: 'button',
    line: english('Up to three answers to tap. For yes or no, and other quick choices.'),
    example: {
      key: 'example',
      type: 'button',
      body: english('Your order has arrived. How was it?'),
      buttons: [
        { id: 'a', title: english('Great!') },
        { id: 'b', title: english('It was okay') },
        { id: 'c', title: english('Not satisfied') },
      ],
    },
  },
  {
    type: 'list',
    line: english('Up to ten rows behind one button, in sections. For four choices or more.'),
    example: {
      key: 'example',
      type: 'list',
      body: english('How can we help?'),
      button: english('Choose a topic'),
      sections: [
        {
          rows: [
            { id: 'a', title: english('Track my order') },
            { id: 'b', title: english('Refunds') },
          ],
        },
      ],
    },
  },
  {
    type: 'cta_url',
    line: english('A button that opens a page. What customers do there, WhatsApp does not tell.'),
    example: {
      key: 'example',
      type: 'cta_url',
      body: english('Your order has been shipped.'),
      buttons: [{ title: english('Track order'), url: 'https://shop.example/track' }],
    },
  },
  {
    type: 'cta_phone',
    line: english('A button that calls you. Needs a template that WhatsApp has approved.'),
    example: {
      key: 'example',
      type: 'cta_phone',
      body: english('We are here from 9 to 6.'),
      buttons: [{ title: english('Call us'), phone: '+911140000000' }],
      template: { name: 'call_us', language: 'en' },
    },
  },
  {
    type: 'text',
    line: english('Words only. For questions that are answered by typing.'),
    example: { key: 'example', type: 'text', body: english('Please enter your order number.') },
  },
  {
    type: 'template',
    line: english('A message that WhatsApp has approved, also when the 24-hour window is closed.'),
    example: { key: 'example', type: 'template', template: { name: 'order_update', language: 'en' } },
  },
]

/** An example in the reader's language: it is only looked at. */
export function exampleFor(example: MenuSpec, t: Say): MenuSpec {
  const said = (key: string, value: unknown): unknown => (typeof value === 'string' && ['body', 'title', 'button'].includes(key) ? t(value) : value)
  return JSON.parse(JSON.stringify(example), said) as MenuSpec
}

/** A menu of this type with nothing in it yet, but with the fields that it will need. */
export function blank(key: string, type: MenuType): MenuSpec {
  switch (type) {
    case 'button':
      return {
        key,
        type,
        body: '',
        buttons: [
          { id: '', title: '' },
          { id: '', title: '' },
        ],
      }
    case 'list':
      return {
        key,
        type,
        body: '',
        button: '',
        sections: [
          {
            rows: [
              { id: '', title: '' },
              { id: '', title: '' },
            ],
          },
        ],
      }
    case 'cta_url':
      return { key, type, body: '', buttons: [{ title: '', url: '' }] }
    case 'cta_phone':
      return { key, type, body: '', buttons: [{ title: '', phone: '' }] }
    case 'text':
      return { key, type, body: '' }
    case 'template':
      return { key, type, template: { name: '', language: '' } }
  }
}

import { type Report, shown } from './fault'
import { LIMITS } from './limits'
import type { Header, MenuSpec, TemplateRef } from './menu'
import { VARIABLE_NAME } from './placeholder'
import { checkButtons } from './rules-buttons'
import { checkAddress, checkPhones, checkUrls } from './rules-cta'
import { checkList } from './rules-list'
import { deepTexts, variablesIn } from './variables'
import { braces, isBlank, type Reading, type Wording, wording } from './wording'

/**
 * WhatsApp's rules for a menu whose structure is right. Before it is published its texts still hold `{{variables}}`;
 * `rendered` says that they are filled in: then braces are words like any others, and every length is final. `words` judges each text.
 */
export function checkRules(menu: MenuSpec, report: Report, rendered = false, words: Wording = wording(report, rendered ? null : (menu.variables ?? {}))): void {
  const reading: Reading = { report, rendered, words }
  if (!rendered) checkVariables(menu, report)
  if ('template' in menu && menu.template) checkTemplate(menu.template, reading)
  if (menu.type === 'template') return
  if (menu.type === 'text') {
    reading.words('body', 'text', menu.body, LIMITS.text)
    return
  }
  if (menu.header) checkHeader(menu.header, menu.type, reading)
  reading.words('body', 'body', menu.body, LIMITS.body)
  reading.words('footer', 'footer', menu.footer, LIMITS.footer, 'optional')
  if (menu.type === 'button') checkButtons(menu.buttons, reading)
  if (menu.type === 'list') checkList(menu, reading)
  if (menu.type === 'cta_url') checkUrls(menu, reading)
  if (menu.type === 'cta_phone') checkPhones(menu, reading)
}

function checkHeader(header: Header, type: MenuSpec['type'], reading: Reading): void {
  const { words, report } = reading
  if (header.type === 'text') {
    words('header.text', 'header', header.text, LIMITS.headerText)
    return
  }
  const fileType = header.type
  if (type === 'list') {
    const fix = 'Make it text, or make the menu buttons.'
    report('header.type', `The header of a list is ${fileType}; WhatsApp takes only text there.`, { actual: fileType, limit: 'text', fix })
  }
  const given = [header.link, header.id].filter((one) => !isBlank(one)).length
  if (given === 0) report('header', `The header has no ${fileType}.`, { actual: 0, limit: 1, fix: 'Give it a link (https) or the id of an uploaded file.' })
  if (given === 2) report('header', `The header has both a link and an id for its ${fileType}.`, { actual: 2, limit: 1, fix: 'Keep one of them.' })
  if (!isBlank(header.link)) checkAddress('header.link', `address of the header's ${fileType}`, header.link ?? '', reading, true)
  if (!isBlank(header.id)) words('header.id', 'media id of the header', header.id, LIMITS.mediaId)
  if (fileType === 'document') words('header.filename', 'file name of the header', header.filename, LIMITS.filename, 'optional')
}

function checkTemplate(template: TemplateRef, { report, rendered }: Reading): void {
  const { name, language, components = [] } = template
  const approved = 'Use the name under which it was approved: small letters, digits and _.'
  if (!/^[a-z0-9_]+$/.test(name))
    report('template.name', `${shown(name)} cannot be the name of a template.`, {
      actual: shown(name),
      limit: `[a-z0-9_]{1,${LIMITS.templateName}}`,
      fix: approved,
    })
  else if (name.length > LIMITS.templateName)
    report('template.name', `The name of the template is ${name.length} characters; WhatsApp takes at most ${LIMITS.templateName}.`, {
      actual: name.length,
      limit: LIMITS.templateName,
      fix: approved,
    })
  if (!/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/.test(language)) {
    const fix = 'Use the code under which it was approved, such as en or en_US.'
    report('template.language', `${shown(language)} is no language of a template.`, { actual: shown(language), limit: 'en, en_US', fix })
  }
  if (!rendered) deepTexts(components, (text) => braces('template.components', 'template', text, report))
}

function checkVariables(menu: MenuSpec, report: Report): void {
  const declared = menu.variables ?? {}
  for (const name of Object.keys(declared)) {
    if (VARIABLE_NAME.test(name)) continue
    const fix = 'Use small letters, digits and _, such as first_name.'
    report(`variables.${name.slice(0, 60)}`, `${shown(name)} cannot be the name of a variable.`, { actual: shown(name), limit: '[a-z_][a-z0-9_]*', fix })
  }
  const { scalars, arrays } = variablesIn(menu)
  for (const name of Object.keys(arrays)) {
    const rows = `${shown(name)} is the array that rows are made from`
    if (scalars.includes(name)) report('sections', `{{${name}}} stands in a text, but ${rows}.`, { actual: name, fix: 'Use two names.' })
    if (Object.hasOwn(declared, name)) {
      report(`variables.${name}`, `${rows}; it has no sample and no default.`, { actual: name, fix: 'Give samples to the variables inside the row.' })
    }
  }
}

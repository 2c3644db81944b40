import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CODES } from '../../lib/errors'
import { CLOUD_API_CODES } from '../../lib/providers/codes-cloud-api'
import { EXOTEL_CODES } from '../../lib/providers/codes-exotel'

const ROOT = join(__dirname, '..', '..')
const STRING = `('(?:[^'\\\\\\n]|\\\\.)*'|"(?:[^"\\\\\\n]|\\\\.)*")`
const SAID = new RegExp(`\\b(?:t|t\\.parts|english)\\(\\s*${STRING}`, 'g')
const COUNTED = new RegExp(`\\bt\\.n\\(\\s*${STRING},\\s*${STRING}`, 'g')

/** Every sentence that a page says by itself, with the files that say it: the keys of the catalogue. */
export function sentencesOfPages(): Map<string, string[]> {
  const found = new Map<string, string[]>(Object.values(CODES).map(({ title }) => [title, ['lib/errors.ts']]))
  const add = (quoted: string | undefined, file: string): void => {
    const sentence = (quoted ?? '').slice(1, -1).replaceAll(/\\(.)/g, '$1')
    found.set(sentence, [...new Set([...(found.get(sentence) ?? []), file])])
  }
  for (const [file, text] of [...filesIn('views', /\.ejs$/), ...filesIn('lib/http', /\.ts$/)]) {
    if (file.startsWith('lib/http/words/') || file.startsWith('lib/http/api/')) continue
    for (const [, sentence] of text.matchAll(SAID)) add(sentence, file)
    for (const [, , other] of text.matchAll(COUNTED)) add(other, file)
  }
  return found
}

/** Files whose finished sentences pages show: what is wrong with a menu, why a message failed, why somebody was refused. */
const TALKING =
  /^lib\/(model\/(rules|wording|lint|changes|undeclared|given|import|address|shape|readers|check|phone)|providers\/(codes|http|deliver|simulator)|http\/(guard|problem|attempts|dashboard)|decide|publish|store\/menus|outbox\/(drain|enqueue|resolve)|inbox\/drain|flows\/run)/
/** For developers alone: of options, the API and the start. */
const DEVELOPERS = /defaultCountry|API key|The API|key with scope|WA_PROVIDER|Webhook|webhook body|The views of|no folder|as EJS|^x7 is "x7"\.$/

/** Sentences that are finished where they are said, with a made-up value wherever one stands; those with a choice inside are left out. */
export function sentencesSaidElsewhere(): [sentence: string, file: string][] {
  const found = Object.values({ ...EXOTEL_CODES, ...CLOUD_API_CODES }).flatMap(({ title, advice }): [string, string][] => [
    [title, 'lib/providers/codes'],
    [advice, 'lib/providers/codes'],
  ])
  for (const [file, text] of filesIn('lib', /\.ts$/)) {
    if (!TALKING.test(file)) continue
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replaceAll(/\b(?:t|t\.n|t\.parts|english)\((?:[^()]|\([^()]*\))*\)/g, '')
    for (const [quoted] of code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)) {
      const raw = quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      if (quoted.startsWith('`') && /\$\{[^}]*[?:]/.test(raw)) continue
      const sentence = raw
        .replaceAll(/\$\{shown\((?:[^()]|\([^()]*\))*\)\}/g, '"x7"')
        .replaceAll(/\$\{(?:named|titleOf)\((?:[^()]|\([^()]*\))*\)\}/g, '“x7”')
        .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'x7')
      const isWhole = /^(?:[A-Z"]|x7 [a-z])/.test(sentence) && /[a-z] [a-z].*[.?]$/.test(sentence)
      const isChange = file.endsWith('/changes.ts') && /^[A-Z]/.test(sentence)
      if ((isWhole || isChange) && !DEVELOPERS.test(sentence)) found.push([sentence, file])
    }
  }
  return found
}

export function filesIn(folder: string, name: RegExp): [file: string, text: string][] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')])
}

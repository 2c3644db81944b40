import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CODES } from '../../lib/errors'

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

export function filesIn(folder: string, name: RegExp): [file: string, text: string][] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')])
}

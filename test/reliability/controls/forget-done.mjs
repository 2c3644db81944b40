// A library that does not write down which listeners have come to their end. The invariants must find what runs again when a neighbour fails.
import { createRequire } from 'node:module'

const runs = createRequire(import.meta.url)('../../../dist/lib/store/runs.js')
const { recordRun } = runs
runs.recordRun = async (query, event, run, now) => run.state === 'done' || recordRun(query, event, run, now)

import type { Role, Route } from '../../exchange'
import * as archive from './archive'
import * as create from './create'
import * as editor from './editor'
import * as exporting from './export'
import * as history from './history'
import * as importing from './import'
import * as list from './list'
import * as publish from './publish'
import * as tags from './tags'
import * as versions from './versions'

export const routes: readonly Route<Role>[] = [list, create, importing, exporting, editor, tags, publish, versions, history, archive].flatMap(
  (resource) => resource.routes,
)

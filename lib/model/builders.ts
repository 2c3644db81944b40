import { checkMenu } from './check'
import { idsOf, type MenuSpec, type MenuType } from './menu'

// ---------------------------------------------------------------- variables out of words; tail recursive, so a few hundred in one text are fine
type NoVariables = Record<never, never>
type Simplify<T> = { [K in keyof T]: T[K] } & {}
type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer L} ` ? Trim<L> : S
type Vars<S extends string, A = never> = string extends S ? string : S extends `${string}{{${infer V}}}${infer R}` ? Vars<R, A | Trim<V>> : A
type VarsIn<T> = T extends string
  ? Vars<T>
  : T extends readonly (infer U)[]
    ? VarsIn<U>
    : T extends object
      ? { [K in keyof T]: K extends 'variables' | 'row' | 'then' | 'key' | 'type' | 'tags' ? never : VarsIn<T[K]> }[keyof T]
      : never
type EachOf<T> = T extends { sections: readonly (infer S)[] } ? EachIn<S> : EachIn<T>
type RowVars<R> = VarsIn<R>
type EachIn<S> = S extends { each: infer E extends string; row: infer R } ? { [K in E]: readonly { [V in RowVars<R>]: string | number }[] } : never
type U2I<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never
type EachVars<T> = [EachOf<T>] extends [never] ? NoVariables : U2I<EachOf<T>>
type Declared<T> = T extends { variables: infer V }
  ? { -readonly [K in keyof V as V[K] extends { default: unknown } ? never : K]: string | number } & {
      -readonly [K in keyof V as V[K] extends { default: unknown } ? K : never]?: string | number
    }
  : NoVariables
type DefaultedKeys<T> = T extends { variables: infer V } ? { [K in keyof V]: V[K] extends { default: unknown } ? K : never }[keyof V] : never
type VariablesOf<T> = Simplify<{ [K in Exclude<VarsIn<T>, DefaultedKeys<T> | keyof EachVars<T>>]: string | number } & Declared<T> & EachVars<T>>

// ---------------------------------------------------------------- what a builder takes; misspelt fields do not compile
type Exact<T, Shape0, Shape = NonNullable<Shape0>> = unknown extends Shape0
  ? T
  : T extends readonly (infer U)[]
    ? Shape extends readonly (infer SU)[]
      ? readonly Exact<U, SU>[]
      : T
    : T extends object
      ? { [K in keyof T]: K extends KeysOf<Shape> ? Exact<T[K], ValueOf<Shape, K>> : never }
      : T
type KeysOf<S> = S extends unknown ? keyof S : never
type ValueOf<S, K> = S extends unknown ? (K extends keyof S ? S[K] : never) : never

type Opt = { readonly id: string; readonly title: string }
type RowSpec = Opt & { readonly description?: string }
type VariableSpec = { readonly [name: string]: { readonly sample?: string | number; readonly default?: string | number } }
type HeaderSpec =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'video'; readonly link?: string; readonly id?: string }
  | { readonly type: 'document'; readonly link?: string; readonly id?: string; readonly filename?: string }
type TemplateRefSpec = { readonly name: string; readonly language: string; readonly components?: readonly unknown[] }
type OwnSpec = { readonly variables?: VariableSpec; readonly owner?: 'code' | 'staff'; readonly tags?: readonly string[] }
/** What every menu with a bubble may have. `template`: the approved template it leaves as when no session message can carry it. */
export type BaseSpec = OwnSpec & { readonly header?: HeaderSpec; readonly body: string; readonly footer?: string; readonly template?: TemplateRefSpec }
export type ButtonsSpec = BaseSpec & { readonly buttons: readonly Opt[] }
export type SectionSpec = {
  readonly title?: string
  readonly rows?: readonly RowSpec[]
  readonly each?: string
  readonly row?: RowSpec
  readonly empty?: string
}
export type ListSpec = BaseSpec & { readonly button: string; readonly sections: readonly SectionSpec[] }
export type UrlSpec = BaseSpec & { readonly buttons: readonly { readonly title: string; readonly url: string }[] }
export type PhoneSpec = BaseSpec & { readonly buttons: readonly { readonly title: string; readonly phone: string }[] }
export type TextSpec = OwnSpec & { readonly body: string; readonly template?: TemplateRefSpec }
export type TemplateSpec = OwnSpec & { readonly template: TemplateRefSpec }

type IdOf<R> = R extends { id: infer I extends string } ? (I extends `${infer P}{{${string}` ? `${P}${string}` : I) : never
type IdsIn<T> = T extends { buttons: readonly (infer B)[] }
  ? IdOf<B>
  : T extends { sections: readonly (infer S)[] }
    ? (S extends { rows: readonly (infer R)[] } ? IdOf<R> : never) | (S extends { row: infer R } ? IdOf<R> : never)
    : never

/** A menu that code declares: its key, the ids a customer can tap, and (for the compiler only) the variables its words need. */
export interface Menu<K extends string = string, I extends string = string, V = unknown> {
  readonly key: K
  readonly ids: readonly I[]
  /** The menu as JSON, checked against WhatsApp's limits. */
  readonly spec: MenuSpec
  readonly $variables?: V
}
export type IdsOf<M> = M extends Menu<string, infer I, unknown> ? I : never
export type VarsOf<M> = M extends Menu<string, string, infer V> ? V : never

// Each builder throws WA_MENU_LIMIT at once, with every fault and the menu's name.

/** A list: at most 10 rows in all, behind one button. */
export function list<const K extends string, const D extends ListSpec>(key: K, spec: D & Exact<D, ListSpec>): Menu<K, IdsIn<D>, VariablesOf<D>> {
  return declare('list', key, spec)
}
/** 1 to 3 reply buttons. */
export function buttons<const K extends string, const D extends ButtonsSpec>(key: K, spec: D & Exact<D, ButtonsSpec>): Menu<K, IdsIn<D>, VariablesOf<D>> {
  return declare('button', key, spec)
}
/** One button that opens an address; two only as the approved template that it names. */
export function ctaUrl<const K extends string, const D extends UrlSpec>(key: K, spec: D & Exact<D, UrlSpec>): Menu<K, never, VariablesOf<D>> {
  return declare('cta_url', key, spec)
}
/** One button that calls a number. It leaves as the approved template that it names: no session message can carry it. */
export function ctaPhone<const K extends string, const D extends PhoneSpec>(key: K, spec: D & Exact<D, PhoneSpec>): Menu<K, never, VariablesOf<D>> {
  return declare('cta_phone', key, spec)
}
/** Words only. */
export function text<const K extends string, const D extends TextSpec>(key: K, spec: D & Exact<D, TextSpec>): Menu<K, never, VariablesOf<D>> {
  return declare('text', key, spec)
}
/** An approved template; its words are the provider's. */
export function template<const K extends string, const D extends TemplateSpec>(key: K, spec: D & Exact<D, TemplateSpec>): Menu<K, never, VariablesOf<D>> {
  return declare('template', key, spec)
}

/** `checkMenu` gives a copy, so nobody who holds the host's object can change the menu afterwards. */
function declare<M extends Menu>(type: MenuType, key: string, spec: object): M {
  const menu = checkMenu(Object.assign({ key, type }, spec, { key, type }))
  return { key, ids: idsOf(menu), spec: menu } as Menu as M
}

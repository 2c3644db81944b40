import type { Words } from '../say'

/** The phone in the browser. */
export const PHONE: Words = {
  'Silent for {time}: the 24-hour window is closed until this customer writes.': '{time} से चुप: जब तक यह ग्राहक नहीं लिखता, 24 घंटे की विंडो बंद है।',
  'Silent for {time}: of the 24-hour window, {left}.': '{time} से चुप: 24 घंटे की विंडो में {left}।',
}

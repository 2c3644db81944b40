import type { Words } from '../say'

/** Tags of menus. */
export const TAGS: Words = {
  Tags: 'टैग',
  'Add tags…': 'टैग जोड़ें…',
  'Change tags…': 'टैग बदलें…',
  'Tags, with commas between them': 'टैग, बीच में कॉमा लगाकर',
  'At most {n}. Only staff see them.': 'ज़्यादा से ज़्यादा {n}। इन्हें सिर्फ़ स्टाफ़ देखता है।',
  'changed the tags of a menu': 'ने मेन्यू के टैग बदले',
  'Save tags': 'टैग सेव करें',
  'Tags of {menu}': '{menu} के टैग',
  'No menu of these is filed under “{tag}”': 'इनमें से किसी मेन्यू पर “{tag}” टैग नहीं है',
}

import type { Words } from '../say'

/** Tags of menus. */
export const TAGS: Words = {
  Tags: 'टैग',
  'Add tags…': 'टैग जोड़ें…',
  'Change tags…': 'टैग बदलें…',
  'Tags, with commas between them': 'टैग, बीच में कॉमा लगाकर',
  'At most {n}. Only staff see them.': 'ज़्यादा से ज़्यादा {n}। इन्हें सिर्फ़ आपकी टीम देखती है।',
  'changed its tags': 'ने इसके टैग बदले',
  'changed the tags of a menu': 'ने मेन्यू के टैग बदले',
  'Somebody else changed the tags meanwhile. Theirs stand above; saving puts yours in their place.':
    'इस बीच किसी और ने टैग बदल दिए। उनके टैग ऊपर हैं; सेव करने पर उनकी जगह आपके आ जाएँगे।',
  'Save tags': 'टैग सेव करें',
  'Tags of {menu}': '{menu} के टैग',
  'No menu of these is filed under “{tag}”': 'इनमें से किसी मेन्यू पर “{tag}” टैग नहीं है',
}

/** What is wrong with them. */
export const TAGS_SAID: Words = {
  'These are {n} tags; a menu has at most {limit}.': 'ये {n} टैग हैं; एक मेन्यू पर ज़्यादा से ज़्यादा {limit} हो सकते हैं।',
  'Leave some out.': 'कुछ हटा दें।',
  'The tag "{tag}" has {n} characters; at most {limit}.': 'टैग "{tag}" में {n} अक्षर हैं; ज़्यादा से ज़्यादा {limit}।',
  'Use a shorter word.': 'छोटा शब्द लिखें।',
  'The tag "{tag}" has a comma or a sign that is not seen.': 'टैग "{tag}" में कॉमा या न दिखने वाला चिह्न है।',
  'Use letters, digits, blanks and -.': 'अक्षर, अंक, खाली जगह और - लिखें।',
}

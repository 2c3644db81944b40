import type { Words } from '../say'

/** The titles of the codes in `lib/errors.ts`. */
export const ERRORS: Words = {
  'An option of waInteractive() is not valid': 'waInteractive() का कोई विकल्प सही नहीं है',
  'No such provider': 'ऐसा कोई प्रोवाइडर नहीं है',
  'The provider is not configured': 'प्रोवाइडर का सेटअप नहीं हुआ है',
  'A second listener of the same name': 'इसी नाम का दूसरा लिसनर',
  'Closing, closed or not yet ready': 'बंद हो रहा है, बंद है या अभी तैयार नहीं है',
  'The database does not answer': 'डेटाबेस जवाब नहीं दे रहा',
  'The question takes too long': 'इस खोज में बहुत समय लग रहा है',
  'No such menu': 'ऐसा कोई मेन्यू नहीं है',
  'The menu breaks a limit of WhatsApp': 'मेन्यू WhatsApp की सीमा से बाहर है',
  'The menu is owned by code': 'यह मेन्यू कोड का है',
  'Something listens to an option that would go': 'हटने वाले विकल्प को कोई सुन रहा है',
  'Somebody else changed the menu meanwhile': 'इस बीच किसी और ने मेन्यू बदल दिया',
  'A variable has no value': 'किसी वेरिएबल का मान नहीं है',
  'A variable that the menu does not know': 'ऐसा वेरिएबल जो मेन्यू में नहीं है',
  'The message cannot be sent': 'मैसेज नहीं भेजा जा सकता',
  'Not a phone number': 'यह फ़ोन नंबर नहीं है',
  'No such contact': 'ऐसा कोई कॉन्टैक्ट नहीं है',
  'No such business number': 'ऐसा कोई बिज़नेस नंबर नहीं है',
  'The 24-hour window is closed': '24 घंटे की विंडो बंद है',
  'The customer does not want messages': 'ग्राहक मैसेज नहीं चाहता',
  'The same Idempotency-Key with another body': 'वही Idempotency-Key, पर दूसरा डेटा',
  'Not possible in this state': 'इस स्थिति में यह नहीं हो सकता',
  'Too many messages to one recipient': 'एक ही व्यक्ति को बहुत सारे मैसेज',
  'The body cannot be read': 'भेजा गया डेटा पढ़ा नहीं जा सकता',
  'The body is too large': 'भेजा गया डेटा बहुत बड़ा है',
  'The content type is not supported': 'यह कंटेंट टाइप नहीं चलता',
  'The raw body was consumed before us': 'मूल डेटा हमसे पहले ही पढ़ लिया गया',
  'The request is not valid': 'रिक्वेस्ट सही नहीं है',
  'Wrong signature or token': 'गलत सिग्नेचर या टोकन',
  'Missing or wrong key': 'साइन इन ज़रूरी है',
  'Too many wrong passwords': 'बहुत बार गलत पासवर्ड',
  'Not allowed': 'इजाज़त नहीं है',
  'Closed until you say who may enter': 'जब तक यह तय न हो कि किसे इजाज़त है, तब तक बंद',
  'The request came from another site': 'रिक्वेस्ट किसी दूसरी साइट से आई',
  'No such thing here': 'यहाँ ऐसा कुछ नहीं है',
  'Not with this method': 'इस तरीके से नहीं',
  'This attempt was given up': 'यह कोशिश छोड़ दी गई',
  'Something went wrong on our side': 'हमारी तरफ़ कुछ गड़बड़ हो गई',
}

/** Errors and refusals that people meet in the dashboard, as finished sentences. */
export const REFUSALS: Words = {
  viewer: 'दर्शक',
  agent: 'एजेंट',
  editor: 'एडिटर',
  admin: 'एडमिन',

  // Who may
  'Please sign in first.': 'कृपया पहले साइन इन करें।',
  'Wrong user or password.': 'यूज़र या पासवर्ड गलत है।',
  'authorize() answered the role "{role}".': 'authorize() ने "{role}" भूमिका बताई।',
  'This needs the role {role}; you are {mine}.': 'इसके लिए {role} की भूमिका चाहिए; आप {mine} हैं।',
  'The dashboard': 'डैशबोर्ड',
  '{what} is closed until you say who may enter. Set {setting}.': 'जब तक आप न बताएँ कि किसे इजाज़त है, {what} बंद है। यह सेट करें: {setting}।',
  '{what} is open on this machine only, and this request came from elsewhere. Set {setting} to open it to others.':
    '{what} सिर्फ़ इस मशीन पर खुला है, और यह रिक्वेस्ट कहीं और से आई। औरों के लिए खोलने को यह सेट करें: {setting}।',
  'The request did not come from a page of this dashboard ({why}).': 'रिक्वेस्ट इस डैशबोर्ड के पेज से नहीं आई ({why})।',
  'Open the page again and repeat.': 'पेज दोबारा खोलें और फिर कोशिश करें।',
  '{n} wrong passwords came from this address. Try again in a minute.': 'इस पते से {n} बार गलत पासवर्ड आए। एक मिनट बाद फिर कोशिश करें।',
  '{n} wrong passwords came from this address. Try again in {m} minutes.': 'इस पते से {n} बार गलत पासवर्ड आए। {m} मिनट बाद फिर कोशिश करें।',
  'authorize() of the host': 'होस्ट का authorize()',
  'HTTP basic, user "{user}"': 'HTTP basic, यूज़र "{user}"',
  closed: 'बंद',
  'open on this machine only': 'सिर्फ़ इस मशीन पर खुला',

  // On our side
  'The database does not answer. Try again in a moment; the reason is in the log.': 'डेटाबेस जवाब नहीं दे रहा। थोड़ी देर बाद फिर कोशिश करें; वजह लॉग में है।',
  'This took longer than two seconds to look up and was given up. Ask for less: a rarer word, a shorter span.':
    'खोज में दो सेकंड से ज़्यादा लगे, इसलिए रोक दी गई। कम माँगें: कम इस्तेमाल होने वाला शब्द, या कम समय।',
  'Something went wrong on our side. It was logged; try again, and tell the developers if it stays.':
    'हमारी तरफ़ कुछ गड़बड़ हो गई। यह लॉग में दर्ज है; फिर कोशिश करें, और बनी रहे तो डेवलपर को बताएँ।',
  'wa-interactive could not start; it keeps trying, and the reason is in the log.': 'wa-interactive शुरू नहीं हो सका; कोशिश जारी है, और वजह लॉग में है।',
  'wa-interactive is still starting; await wa.start().': 'wa-interactive अभी शुरू हो रहा है; wa.start() का इंतज़ार करें।',
  'wa-interactive is closed.': 'wa-interactive बंद है।',

  // Addresses and forms
  'There is no such page here.': 'यहाँ ऐसा कोई पेज नहीं है।',
  'There is nothing under this address.': 'इस पते पर कुछ नहीं है।',
  'There is no such file.': 'ऐसी कोई फ़ाइल नहीं है।',
  'This address knows {methods}, not {method}.': 'यह पता {methods} लेता है, {method} नहीं।',
  'There is no conversation {id}.': 'चैट {id} मौजूद नहीं है।',
  'There is no such message in this conversation.': 'इस चैट में ऐसा कोई मैसेज नहीं है।',
  'There is no sent message {id}.': 'भेजा गया मैसेज {id} मौजूद नहीं है।',
  'There is no event {id}.': 'इवेंट {id} मौजूद नहीं है।',
  'There is no contact {id}.': 'कॉन्टैक्ट {id} मौजूद नहीं है।',
  'There is no contact with {which}.': '{which} वाला कोई कॉन्टैक्ट नहीं है।',
  'Send to a phone number, or set it first with wa.contacts.set().': 'फ़ोन नंबर पर भेजें, या पहले wa.contacts.set() से सेट करें।',
  'This customer is not there any more.': 'यह ग्राहक अब मौजूद नहीं है।',
  'There are no words in the language "{language}".': '"{language}" भाषा में शब्द नहीं हैं।',
  'Messages are "none" or "wanted", not "{value}".': 'मैसेज "none" या "wanted" होते हैं, "{value}" नहीं।',
  'Who is in charge is "bot" or "person", not "{value}".': '"bot" या "person" सँभाल सकता है, "{value}" नहीं।',
  'The format is csv or json, not "{value}".': 'फ़ॉर्मेट csv या json हो सकता है, "{value}" नहीं।',
  'The form was incomplete. Open the page again.': 'फ़ॉर्म अधूरा था। पेज दोबारा खोलें।',
  'The form did not arrive whole, so nothing was changed. Send it again; if it stays, the menu has too many fields for this page.':
    'फ़ॉर्म पूरा नहीं आया, इसलिए कुछ नहीं बदला गया। फिर से भेजें; बना रहे तो मेन्यू में इस पेज के लिए बहुत ज़्यादा फ़ील्ड हैं।',
  'The editor has no such button, or what it belonged to is gone. Load the page again.': 'एडिटर में ऐसा बटन नहीं है, या जिसका था वह हट गया। पेज दोबारा खोलें।',
  'The body broke off: {why}.': 'डेटा बीच में टूट गया: {why}।',
  'The body has {n} bytes; at most {limit} are read.': 'डेटा {n} बाइट का है; {limit} तक पढ़ा जाता है।',
  'Choose first which messages are meant: failed, uncertain, waiting or given up.': 'पहले चुनें कि कौन-से मैसेज: फ़ेल हुए, पक्का नहीं, इंतज़ार में या छोड़ दिए गए।',

  // Sending
  'Contact {id} does not want messages (opted out).': 'कॉन्टैक्ट {id} मैसेज नहीं चाहता (ऑप्ट-आउट)।',
  'Only their own words reopen the talk.': 'बात तभी दोबारा शुरू होगी जब वे खुद लिखेंगे।',
  "The customer's last words are more than 24 hours old, so WhatsApp accepts approved templates only.":
    'ग्राहक का आखिरी मैसेज 24 घंटे से पुराना है, इसलिए WhatsApp सिर्फ़ मंज़ूर टेम्प्लेट लेता है।',
  'It closed at {time}.': 'विंडो {time} पर बंद हुई।',
  'Send a menu that names a template, or wait until they write.': 'टेम्प्लेट वाला मेन्यू भेजें, या उनके लिखने का इंतज़ार करें।',
  '{n} messages went to this recipient within the last hour.': 'पिछले एक घंटे में इन्हें {n} मैसेज जा चुके हैं।',
  'Wait, or raise the limit (perRecipientHour) if that is meant.': 'इंतज़ार करें, या जानबूझकर हो तो सीमा (perRecipientHour) बढ़ाएँ।',
  'This Idempotency-Key was used before with another body (message {id}).': 'यह फ़ॉर्म पहले ही दूसरे शब्दों के साथ भेजा जा चुका है (मैसेज {id})।',
  'Use a new key for a new message.': 'नए मैसेज के लिए पेज दोबारा खोलें।',
  'Send a template.': 'टेम्प्लेट भेजें।',
  'The message cannot be sent.': 'मैसेज नहीं भेजा जा सकता।',
  'There is no business number "{number}".': 'बिज़नेस नंबर "{number}" मौजूद नहीं है।',
  'Menu "{key}" is archived. Restore it in the dashboard to send it again.': 'मेन्यू "{key}" आर्काइव है। दोबारा भेजने के लिए उसे डैशबोर्ड में वापस लाएँ।',
  'Menu "{key}" has never been published; only its draft exists. Publish it first.': 'मेन्यू "{key}" कभी पब्लिश नहीं हुआ; सिर्फ़ ड्राफ़्ट है। पहले पब्लिश करें।',
  'Declare it in waInteractive({ menus: [...] }) or create it in the dashboard.': 'इसे waInteractive({ menus: [...] }) में घोषित करें या डैशबोर्ड में बनाएँ।',

  // Menus
  'Menu "{key}":': 'मेन्यू "{key}":',
  'Menu "{key}" cannot be sent from here at the moment. Choose another one.': 'मेन्यू "{key}" अभी यहाँ से नहीं भेजा जा सकता। कोई दूसरा चुनें।',
  'There is no menu "{key}".': 'मेन्यू "{key}" मौजूद नहीं है।',
  'Menu "{key}" has neither a draft nor a published version.': 'मेन्यू "{key}" का न ड्राफ़्ट है, न पब्लिश किया वर्ज़न।',
  'Menu "{key}" has no version {version}.': 'मेन्यू "{key}" का वर्ज़न {version} नहीं है।',
  'Menu "{key}" was changed by somebody else meanwhile. Load it again, compare, and save once more.':
    'इस बीच किसी और ने मेन्यू "{key}" बदल दिया। दोबारा खोलें, मिलाएँ, और फिर सेव करें।',
  'Menu "{key}" was changed meanwhile. Open it again, and discard the draft if you still want to.':
    'इस बीच मेन्यू "{key}" बदल गया। दोबारा खोलें, और चाहें तो ड्राफ़्ट हटाएँ।',
  'There is a menu "{key}" already. Write to it: PUT …/menus/{path}, or choose another key.': 'मेन्यू "{key}" पहले से है। कोई दूसरा नाम चुनें।',
  'There is a menu "{key}" already, archived. Write to it: PUT …/menus/{path}, or choose another key.': 'मेन्यू "{key}" पहले से है, आर्काइव में। कोई दूसरा नाम चुनें।',
  'Menu "{key}" is owned by code (owner: \'code\'). Change it where it is declared.': 'मेन्यू "{key}" कोड का है (owner: \'code\')। इसे वहीं बदलें जहाँ यह घोषित है।',
  'This menu belongs to the code: it is declared there with owner "code", so that its words and the program always fit. Ask a developer to change it.':
    'यह मेन्यू कोड का है: वहाँ owner "code" के साथ घोषित है, ताकि शब्द और प्रोग्राम हमेशा मेल खाएँ। डेवलपर से बदलने को कहें।',
  'This menu is archived: nobody can send it. Restore it to change it.': 'यह मेन्यू आर्काइव है: कोई इसे नहीं भेज सकता। बदलने के लिए वापस लाएँ।',
  'You may read here; changing menus needs the role editor. You are {role}.': 'आप यहाँ पढ़ सकते हैं; मेन्यू बदलने के लिए एडिटर की भूमिका चाहिए। आप {role} हैं।',
  'Keep the option, or publish all the same if the developers agree.': 'विकल्प रखें, या डेवलपर मान जाएँ तो फिर भी पब्लिश करें।',
  'Menu "{key}" would lose the option "{id}", and the code listens to it ({listener}).': 'मेन्यू "{key}" से विकल्प "{id}" हट जाएगा, और कोड उसे सुनता है ({listener})।',
  'What is pasted has no name of its own. Give the menu one.': 'पेस्ट किए गए का अपना नाम नहीं है। मेन्यू को नाम दें।',

  // Decisions
  'Message {id} is {state}; "{decision}" is possible while it is {states}.': 'मैसेज {id} की स्थिति अब यह है: {state}। इसलिए यह नहीं हो सकता।',
  'Message {id} moved on meanwhile. Look again.': 'मैसेज {id} की स्थिति इस बीच बदल गई। फिर देखें।',
  'Event {id} is {state}; "{decision}" is possible while it is {states}.': 'इवेंट {id} की स्थिति अब यह है: {state}। इसलिए यह नहीं हो सकता।',
  '{name} decided: retry': '{name} का फ़ैसला: दोबारा भेजें',
  '{name} decided: arrived': '{name} का फ़ैसला: पहुँच गया',
  '{name} decided: cancel': '{name} का फ़ैसला: रद्द करें',
  '{name} decided for all that matched: retry': '{name} का फ़ैसला सबके लिए: दोबारा भेजें',
  '{name} decided for all that matched: cancel': '{name} का फ़ैसला सबके लिए: रद्द करें',
  queued: 'भेजे जाने के इंतज़ार में',
  sending: 'भेजा जा रहा है',
  accepted: 'प्रोवाइडर ने स्वीकार किया',
  sent: 'भेजा गया',
  delivered: 'डिलीवर हुआ',
  read: 'पढ़ा गया',
  played: 'चलाया गया',
  failed: 'फ़ेल हुआ',
  uncertain: 'पक्का नहीं',
  expired: 'समय निकल गया',
  canceled: 'रद्द किया गया',
  waiting: 'इंतज़ार में',
  running: 'हैंडल हो रहा है',
  retrying: 'फिर कोशिश हो रही है',
  needs_attention: 'ध्यान देना है',
  unhandled: 'किसी ने नहीं सुना',
  unrecognised: 'समझ नहीं आया',
  discarded: 'हटाया गया',
  done: 'पूरा हुआ',

  // Why an event could not be handled
  'The process ended during handler, {n} times.': 'हैंडलर चलते समय प्रोसेस {n} बार बंद हुआ।',
  'Look what this event does to it, then retry or discard it.': 'देखें कि यह इवेंट क्या करता है, फिर दोबारा कोशिश करें या हटाएँ।',
  'Listener "{name}" did not end within {n} ms. Let it end sooner, or give it { timeoutMs }.':
    'लिसनर "{name}" {n} ms में पूरा नहीं हुआ। उसे जल्दी पूरा होने दें, या { timeoutMs } दें।',
  'Listener "{name}" is not registered any more, and an event waits for it. Register it again, or discard the event.':
    'लिसनर "{name}" अब रजिस्टर नहीं है, और एक इवेंट उसका इंतज़ार कर रहा है। फिर रजिस्टर करें, या इवेंट हटाएँ।',
  'The {what} is not registered any more, and an event waits for it. Register it again, or discard the event.':
    '{what} अब रजिस्टर नहीं है, और एक इवेंट उसका इंतज़ार कर रहा है। फिर रजिस्टर करें, या इवेंट हटाएँ।',
  'Flow "{name}" took {n} steps without waiting for the customer: a loop between its steps.':
    'फ़्लो "{name}" ग्राहक का इंतज़ार किए बिना {n} स्टेप चला: उसके स्टेप एक लूप में हैं।',
  'Step "{step}" of flow "{flow}" has no place for this reply.': 'फ़्लो "{flow}" के स्टेप "{step}" में इस जवाब की जगह नहीं है।',
  'A step starts another flow by returning start(flow).': 'स्टेप दूसरा फ़्लो start(flow) लौटाकर शुरू करता है।',
  'Step "{step}" of flow "{flow}" returned nothing to do. End it with return ask(…), go(…), start(…) or end(…).':
    'फ़्लो "{flow}" के स्टेप "{step}" ने आगे करने को कुछ नहीं लौटाया। इसे return ask(…), go(…), start(…) या end(…) से खत्म करें।',

  // The phone
  'There is no phone here: it comes with the simulator, and a real provider serves this number.':
    'यहाँ फ़ोन नहीं है: वह सिम्युलेटर के साथ आता है, और इस नंबर पर असली प्रोवाइडर है।',
  'This message does not offer that option.': 'इस मैसेज में वह विकल्प नहीं है।',
  'This message is not on the phone.': 'यह मैसेज फ़ोन पर नहीं है।',
  'Choose what the next send meets from the list.': 'सूची से चुनें कि अगले मैसेज के साथ क्या हो।',
  'The webhook answered {status}: {body}.': 'वेबहुक ने {status} का जवाब दिया: {body}।',
}

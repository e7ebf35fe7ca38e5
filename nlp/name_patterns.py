"""How a name may be written and what stands around it: the characters and the expressions of the rules for names."""

import re
from functools import cache

from nlp import asked
from nlp.late import late
from nlp.lexicon import surnames
from nlp.plain import BLANK

TITLE_BLANK = "▫"  # stands where a job title was
COMPANY_BLANK = "◆"  # stands where a company was
CONTACT = BLANK * 7  # a number or an address was here

# Characters that no given name holds; they keep 李的, 张电话, 王总 out.
NEVER = (
    "的了是在不我你他她它们这那吗吧呢啊呀哦及就都也很要会说对把被让给"
    "着么什怎哪谁些个只件台套号点分秒块钱厂部司您机约买卖请问经总监师姐哥董里每还没收"
)
# Surnames that are also everyday words: their aliases need a boundary before them.
WEAK = frozenset(
    "和于都有时任向来别那常连从可才全相终查容能计解单应关成满麻明平元方万白车高水米路年海种别门公管文法安利沙古党农包支程文干国通益帅终由师商楼盘练权修战宾初南官谈勾奉植智"
)
# Characters that foreign names are written with.
SOUNDS = (
    "阿艾买麦吐古丽尔提江木合热迪卡努苏玉萨达娜巴依布拉扎斯克亚伊叶赫那爱新觉罗库夏帕米孜加力玛娅格奥哈吉图"
    "特德莫穆罕默约翰瑟伯汉姆凯文史密戴安妮杰森菲利普查劳伦弗兰沃什皮贝博卢洛迈梅蒙内尼诺佩珀奇乔切琼瑞赛桑舍施索"
    "埃普邦本比宾蒂杜顿恩费福富戈盖海豪亨胡霍基捷考柯肯昆莱赖朗雷里鲁塔泰托瓦韦温西希谢休雅耶因尤泽詹佐"
)
# Surnames that are everyday words by far the most often: they need somebody to be called so.
RARE = "区"
TIES = frozenset("和由向从于与对经")
FULL_HONORIFIC = (
    r"总经理|副总经理|副总|护士长|总工(?!程|作|会)|经理|总监|主任|主管|老师|会计|师傅|董事长|院长|处长|"
    r"科长|厂长|部长|局长|校长|店长|所长|行长|队长|站长|会长|书记|教授|博士|"
    r"太(?=[\s,。;!?▪都话同]|$)|医生|护士|律师|老板|先生|女士|小姐|太太|大姐|大哥|大爷|大妈|大叔|大婶|大娘|大伯|大嫂|阿姨|阿婆|助理|秘书|工程师|小姐姐|叔叔|伯伯|奶奶|爷爷|老汉|"
    r"园长(?![廊期大途度])|馆长|法官|警官|教练|设计师|总裁"
)
SHORT_HONORIFIC = (
    r"总(?!经|监|裁|部|工|公|共|会(?=[议计员所长的,。]|$)|是(?![我他采客那这])|体|之|结|价|计|额|数|量|统|线|署|局|"
    r"行|院|代|算|包|承|重|长|高|面|成|投|资|产|得|要|觉|在|有|归|能|数|分|店|台|管|机)"
    r"|工(?!程|作|厂|业|人|艺|具|资|期|地|商|会|序|装|况|时|件|种|单|费|夹|位|段|信|控|友|伤|匠|整|坊|龄|头|农)"
    r"|董(?!事)|姐(?!妹|夫|姐)|哥(?!们|哥)|叔(?!叔)"
)
LABEL = (
    r"(?:客户|我的|您的|采购|紧急|对方|主要)?(?:姓\s{0,4}名|名字|联系人|参会人员?|与会人员?|出席人员?|陪同人员?|收件人|收货人|收方|称呼|客户名|负责人|经办人|对接人|采购人|询价人|经营者|业主|签收人|委托人|报修人|投诉人|报名人|接待人|咨询人|跟进人|提货人|送货人|验收人|学员|候选人|应聘者|求职者|面试者|车主|房东|租客|法人代表|法定代表人|推荐人|介绍人|担保人|见证人|证明人|监护人|代理人|复核人|审核人|审批人|制单人|开票人|收款人|付款人|"
    r"申请人|寄件人|发件人|联络人|项目人|发货人|处理人|值班人|安装人|领料人|领用人|填表人|登记人|接收人|"
    r"(?:检验|操作|维修|业务|跟单|保管|安装)(?:员|师傅)(?=[:=])|"
    r"(?:客户|家长|学生|患者|病人|复核|审核|批准|核准|见证|经办|主治|主刀|导演|编剧|作者|责编|摄影|撰文)(?=[:=])|"
    r"(?i:\bfrom(?=[:=])|name|contact(?: person)?))"
)
CUE = (
    r"(?:谢谢|感谢|多谢|恭喜|打?电话给|发短信给|发信息给|发消息给|打给|拨给|转给|发给|寄给|交给|留给|抄送|给|跟|和|与|找|"
    r"联系|约了?|呼叫|同学|同事|朋友|老公|老婆|爱人|(?:弟|妹|哥|姐|舅|叔|姑|姨|爸|妈|爷|奶|嫂|侄|外甥|女儿|儿|舅|妹|姐)(?:弟|妹|哥|姐|舅|叔|姑|姨|爸|妈|爷|奶|嫂|子|夫|女)|女婿|闺蜜|室友|师兄|师姐|学长|学姐|门卫|司机|搭档|致电|拨打|拨|呼|问一?下?|请|(?<![家司厂店牌社])叫上?|让(?!步)|通知|转告|告诉|提醒|拜访了?|介绍|对接|回复|改成|换成|看到|遇[到见]|碰到|见到|偶遇|采访|"
    r"我叫|我是|本人|名叫|叫做|名为|是|对|麻烦|经|由|替|帮|向|查查|找找|问问|查找|查一?下?|陪|接通|@)(?:一下|下)?"
)
FOLLOW = (
    r"(?:$|[\s,，。;:!?、()\[\]|/\"”'▪◆▫\-~→>]|\d|近日|近期|称|透露|认为|指出|"
    r"强调|介绍|出席|率|带|主持|宣布|离|辞|因|为|将|从|与|和|及|跟|约|说|讲|"
    r"谈|聊|打|拨|发|回|寄|送|通|联|沟|见|确|反|问|要|的|先生|女士|小姐|经理|"
    r"总|工|老师|在|是|有|来|去|已|今|明天|后天|昨天|下周|本周|这周|上周|"
    r"下午|上午|上次|之前|目前|现在|手机|电话|微信|邮箱|吧|吗|呢|了|那边|这边|"
    r"号|收|处|转|想|需|对|刚(?=[才刚好来到说去走回打发问给接从要在])|也|都|又|再|我|他|她|你|开会|开了|拒[了绝]|推荐|陪[同着]|横扫|做客|搭档|加油|没[来有接去说]|不[在来去肯要想做参]|今[天早晚]|收件|签收|负责|群发|地址|家住|进来|进去|过来|过去|让[你我他她]|帮[忙我着你他她]|逛|吃饭|喝酒|唱歌)"
)
LATIN = r"(?-i:[A-Z][a-zà-ÿ]{1,14}(?:[ .·][A-Z][a-zà-ÿ]{0,14}){0,2}|[A-Z]{2,12}(?: [A-Z]{2,12})?)"
TITLE_FOLLOW = (
    rf"(?:{FOLLOW}|[表共同一以作接参进就则等到及获当被给兼任受于用首亲携赴应围特还曾并正代担签审视考调检陪做发先]|"
    r"预[计测期]|坦言|分析|写道|回应|坚称|补充[说道])"
)
CALLED_UP = (
    r"(?:的?(?:电话|手机|号码|联系电话|微信|邮箱|联系方式)|打个?(?:电话|微信)|发(?:一?[条个封])?(?:短信|信息|消息|微信|邮件|语音|红包)|"
    r"回个?(?:电话|微信)|拨(?:个|通)?(?:电话)?|通(?:个|一下)?电话)"
)
SAYS = (
    r"(?:说|表示|反馈|告诉|确认|要求|提到|回复|打来|来电|想要|需要|问(?!题)|介绍|导演|执导|主演|监制|饰演|出演|出席|"
    r"致辞|主持|当选|就任|辞职|接任|离职|加盟|落马|齐聚)"
)
BOUNDARY = re.compile(
    r"(?:^|[\s,。;:!?、()\[\]|/\"“”'▪◆▫@~\-]|[跟和给找是请问让叫与对约由向的得时让是们人的边里位个候后就但而且则诶喂哎嘿])$"
)


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """The expression of each rule; `name`, or `before`, is the name in it."""
    known = surnames()
    compound = "|".join(sorted(known.compound))
    single = "".join(sorted(known.single))
    common = "".join(sorted(known.single - WEAK - set("区黑海门种贡盖")))
    given = rf"[^\W\dA-Za-z_{NEVER}]"
    first, second = ("".join(sorted({name[n] for name in known.compound})) for n in (0, 1))
    compound = rf"(?=[{first}][{second}])(?:{compound})"  # two sets are looked into sooner than sixty words
    name = rf"(?:{compound}{given}{{1,2}}?|[{single}](?:{given}{{1,2}}?|{given}·{given}{{2,4}}))"
    sounds = "".join(sorted(asked.SOUNDS | set(SOUNDS)))
    polite = "(?!的|你好|您好|先生|女士|经理|老师|老板|您|你)"
    whole = rf"(?:{compound}{given}{{1,2}}|[{single}]{given}{{1,2}}|(?!的)[一-龥]{{2,5}}·(?:{polite}[一-龥]){{2,6}})"
    blank = f"{BLANK}{COMPANY_BLANK}{TITLE_BLANK}"
    edge = rf"[\s,;、。|/()\[\]{blank}]"
    return {
        "alias": late(rf"(?P<surname>{compound}|[{single}])(?P<role>{FULL_HONORIFIC}|{SHORT_HONORIFIC})"),
        "spaced alias": late(
            rf"(?:^|(?<=[\s,。;:!?、\n]))(?P<name>(?P<surname>{compound}|[{single}]) {{1,2}}"
            rf"(?P<role>总|工|董|姐|哥|经理|主任|厂长|老师|先生|女士))"
            r"(?=$|[\s,。;:!?]|您|你)"
        ),
        "label": late(
            rf"{LABEL}\*?(?:\([^)]{{0,8}}\))?(?:是|为)?\s?(?:(?P<colon>[:=|?])\s{{0,4}}[\"“'‘]?)?"
            rf"(?P<name>{whole}|(?<=[:= ])[{single}] {{1,2}}{given}(?: {{1,2}}{given})?(?= *(?:\n|$))|"
            rf"[小老阿][{common}]|[一-龥]{{1,8}}·[一-龥]{{1,8}}|{LATIN}|"
            rf"(?<=[:=|\"“])[一-龥]{{2,4}}|(?<=[:=|] )[一-龥]{{2,4}}|(?<=姓名 )[一-龥]{{2,3}}(?=  |$|\n| ?{BLANK}))(?={FOLLOW})",
        ),
        "company": late(
            rf"{COMPANY_BLANK}\)?(?:公司)?(?:的|那?边的|[ /|,\-(]{{1,2}})?(?:{TITLE_BLANK}+ ?)?(?P<name>{name})(?={TITLE_FOLLOW})"
        ),
        "department": late(
            rf"(?<=[一-龥A-Za-z]{{2}})(?:部门?|科|处|车间|中心)的?(?P<name>{name})(?={FOLLOW})"
            rf"|(?:采购|技术|行政|后勤|人事|财务|业务|仓库)(?P<before>[小老][{common}])(?=$|[\s,。;!?]|{BLANK})"
        ),
        "post": late(
            rf"(?:^|(?<=[{edge[1:-1]}:的们司方]))(?:项目|现场|车间|工厂)?(?:售后|售前|销售|采购|技术|财务|会计|法人|司机|客服|前台|人事|文员|业务|跟单|仓库|老板|设计|内勤|负责人|代表)"
            rf"(?:是|为|叫)?(?P<name>{name})(?={FOLLOW})"
        ),
        "of": late(
            rf"(?:我是|这里是|我们是)[^,。\n▪◆]{{1,16}}?的(?:{TITLE_BLANK}+)?(?P<name>{name})(?={FOLLOW})"
        ),
        "title": late(
            rf"{TITLE_BLANK}(?P<gap>[ :/|,\-]{{1,3}}|[为是叫])?"
            rf"(?P<name>{name}|{LATIN}|[{SOUNDS}]{{3,5}})(?(gap)(?={FOLLOW})|(?={TITLE_FOLLOW}))"
            rf"|(?:^|(?<={edge[:-1]}由]))(?P<before>{whole}|{LATIN})[ /|,(\-]{{0,3}}(?={TITLE_BLANK})",
            re.M,
        ),
        "customer": late(
            rf"客户(?:(?P<name>[{single}]{given}{{2}})(?=[\s,。;!?、(▪]|说|反馈|表示|来电|要|想|问|的)"
            rf"|(?P<before>[{common}]{given})(?=\(|[,:]?{BLANK}{{7}}))"
        ),
        "dotted": late(
            rf"(?:(?<![一-龥·])|(?<=[的叫]))(?P<name>[{sounds}]{{2,6}}·(?:{polite}[一-龥]){{2,6}}?)(?=$|[\s,。;!?、(▫]|{BLANK}|是|说|先生|女士|的|你好|您|你|老师|经理)"
        ),
        "rare": late(rf"叫(?P<name>[{RARE}]{given}{{2}})(?=[\s,。;!?、{BLANK}]|$)"),
        "cue": late(rf"{CUE} ?(?P<name>{name})(?={FOLLOW})"),
        "polite": late(
            rf"(?:^|(?<=[\s,。;:!?、()\[\]/{blank}跟和给找是请问让叫与对约由司方们的位举任名命]))(?P<name>{name})"
            rf"(?={FULL_HONORIFIC}|总(?=[\s,。;/]|$|在|说|那边|这边)|[敬谨拜][上启呈])"
        ),
        "entry": late(
            rf"(?:^|(?<=[\n▫。]) ?|(?<=[▫、] )|(?<=患者)|(?<=病人)|(?<=学员))"
            rf"(?P<name>{whole}|[{single}]{given}{{1,2}}|(?<![^\n])[一-龥]{{2,4}}(?=[:,(] ?[男女][,、;)]))(?:女士|先生|同志)?"
            r"[:,(] ?"
            rf"(?=[男女][,、;)]|{TITLE_BLANK}|汉族|[一-龥]{{1,4}}族[,、]|中国国?籍|中共|{BLANK}|(?:19|20)\d\d年|生于|出生|博士|硕士|研究生|本科|大学|大专|高中|毕业|现任|曾任|历任|曾就|先后)",
            re.M,
        ),
        "pair": late(
            rf"(?:^|(?<={edge}))(?P<name>[{single}]{given}{{1,2}})(?=(?:和|跟|与|、)[{single}]{given}{{1,2}}(?:{FOLLOW}|两))",
            re.M,
        ),
        "dial": late(
            rf"(?:^|(?<=[\s,。;:!?、()\[\]/{blank}的里给跟和与找向让帮替拨打]))(?P<name>{name})(?={CALLED_UP})"
        ),
        "twice": late(
            rf"(?P<name>(?P<family>{compound}|[{single}]){given}{{1,2}})(?=(?P=family)(?:{FULL_HONORIFIC}|{SHORT_HONORIFIC}))"
        ),
        "listed": late(rf"、(?P<name>{whole}|[{single}]{given}{{1,2}}|{LATIN})(?=[、,。;\s等和与及()]|$)"),
        "says": late(rf"(?:^|(?<=[\s,。;!?、由]))(?P<name>{name})(?={SAYS})", re.M),
        "segment": late(rf"(?:^|(?<=:)|(?<={edge}))(?P<name>{whole})(?=收?(?:$|{edge}))", re.M),
        "little": late(
            rf"(?P<name>[小老][{common}]|阿(?!里|姨|门|拉|尔|富|根|联|坝|克|曼|莫|司|斯|胶|波|迪|拉|伯)[一-龥])"
            rf"(?=$|[\s,。;:!?、()▪◆▫]|[啊呀哎说讲问要让在来去有的今明下联那这给跟打你他她我发反已总吗吧呢换约管负直就也都到过介推带派报回加找等会想还没不又刚把被])"
        ),
        "spaced": late(
            rf"(?:^|\n|[▫◆{BLANK}]:?|(?:业务|销售|采购|技术|会计|老板|联系人|负责人):) *"
            rf"(?P<name>[{single}] {{1,4}}{given}(?: {{1,4}}{given})?)"
            rf"(?= *(?:\n|$|▫|◆|{BLANK}| {{2}}| [A-Z]))"
        ),
        "beside": late(
            r"(?:^|\n) *(?P<name>[一-龥]{2,4})(?=(?:\([一-龥]{2}\))? *\n *(?:[一-龥]{2,12} )?▫)"
            r"|(?:^|\n) *▫+[ ◆▫]*\n *(?P<before>[一-龥]{2,4})(?= *(?:\n|$))"
        ),
        "card": late(
            r"(?:^|\n) *(?P<name>(?:Mr\.? |Ms\.? |Dr\.? )?[A-Z][a-z]{1,14} (?:[A-Z]\. )?[A-Z][a-z]{1,14}(?: [A-Z][a-z]{1,14})?)"
            r"(?= *(?:\n|$|\(|\||/|,|▫|[一-龥]{2,4}(?:\n|$| )))"
        ),
        "called": late(rf"(?:^|(?<={edge}))(?P<name>[{single}]{given}{{1,2}})(?=[ ,/:]{{0,2}}{BLANK}{{7}})"),
        "foreign": late(
            r"(?:^|(?<=[\s,。;:!?、的跟给和找让])|(?<=客户|顾问|代理|经理|老外|买家|业务|销售|同事|采购|联系))"
            r"(?P<name>[A-Z][a-zà-ÿ]{2,14}(?: [A-Z][a-zà-ÿ]{1,14})?)"
            r"(?=说|让|问(?!题)|要|想|回复|推|发|加|告诉|反馈|来|刚|您|你|▪)",
            re.M,
        ),
        "latin alias": late(
            r"(?<![A-Za-z])(?P<name>[A-Z][a-z]{2,14}(?:总(?![部监裁经价结数共量额体])|姐|哥|工(?![厂程具作])|老师|老板))"
        ),
        "latin": late(
            rf"(?:我叫|我是|(?:联系|找) ?(?=[A-Z][a-z]+ [A-Z][a-z]+(?![A-Za-z ]))|"
            r"(?<=[户板人他她字外家方])叫 ?|(?:Dear )?(?:Mr|Ms|Mrs|Miss|Dr)(?![a-z])\.? ?|Dear (?!M[rsi])|"
            r"(?i:\bthis is |\bmy name is |\bI(?:'| a)m ))"
            rf"(?P<name>{LATIN})(?![\w])"
        ),
    }

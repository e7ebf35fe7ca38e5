"""Characters that sound otherwise beside another: 长 is chang in 长江 and zhang alone. From the phrases of pypinyin (MIT).

That library brings its phrases as 45 MB of Python objects; this is what of them changes a reading.
"""

from functools import lru_cache
from typing import Final

BESIDE: Final = """
吖a:啶/ 腌a:臜臢/ 呗bai:唱/梵 刨bao:冰刀子平床花/电 剥bao:剥取壳皮脱除/剥毕 曝bao:光/ 臂bei:/胳
蚌beng:埠/ 泌bi:阳/ 秘bi:鲁/ 贲bi:临/ 辟bi:举书召引谷邪/复 屏bing:住弃息气迹退除/ 槟bing:榔/
擘bo:划画/巨 柏bo:林/ 泊bo:位车/停淡湾漂碇系落锚靠飘 般bo:若/ 蕃bo:/吐
薄bo:产利命幸弱待情技晓暮田荷葬酒酬雾面/佻刻单厚命喷微浅浇淡瘠稀菲轻鄙 卜bu:卦居筮辞骨/占未问预 埔bu:/大
堡bu:子/吴 参cen:差错/ 刹cha:时那/古名宝梵罗 嚓cha:/咔喀
差chai:事使役拨缺遣饷/专交信公兵兼出办听官当抓撤支美苦解跟邮钦 单chan:于/ 孱chan:弱/ 掺chan:和/
倘chang:佯/ 裳chang:裳/裳霓
长chang:久乐于亭假兴剑卷发句号叹吟命啸圆坂城处夏夜天存安寿局崎川工年庚度廊征性拳揖斋方春期机条枪款毛汀江沙河法波活流物生眠矛短石程空笛策篇线统编缨舌虫虹街衣衫袍袖袜裤褂诗话调谈足跑跪辞远途逝长门队随青音项驱鸣鼓龙/专中久乡伸修冗周延扬拉拖擅时波深漫特狭瘦短纤细超身过长颀
剿chao:袭说/ 尺che:/工 伧chen:/寒 称chen:心愿手职身/匀对相配 盛cheng:器菜饭/ 铛cheng:/茶酒饼
匙chi:子/汤羹茶锁 豉chi:/豆
重chong:九修光出印叠合启唱围圆复头奏婚孙审庆建张弹影拍提播数新映沓洋温演版犯现生申组聚获行译读返迭述选逢重阳霄/三九二双重
啜chuo:泣/ 兹ci:/龟 差ci:/参 卒cu:/仓 攒cuan:动射盒眉聚集/ 膻dan:中/ 得dei:亏/必总非 澄deng:沙结/
坻di:/宝 提di:溜防/ 的di:哥士当确/打标目质鹄 嗲dia:/发 鸟diao:闹/ 读dou:/句
都du:会城尉市督统/中丽乐京古国大奠定帝建成故旧江行迁陪首 顿du:/冒 度duo:/审忖揣测猜窥臆裁 哦e:/吟
阿e:胶谀附/东太 佛fo:事会像光典号堂塔学家寺山性手教殿法爷牙珠祖系经门陀龛/供彷念拜活浴玉礼神 咖ga:喱/
轧ga:账/ 扛gang:鼎/ 蛤ge:粉蚌蚧蜊/文 颈geng:/脖 红gong:/女 贾gu:人用祸贸马/商富巨行 呱gua:唧嗒/
括gua:/挺 纶guan:巾/ 混gun:/搅 掴guo:手/掌 涡guo:河/ 虾ha:蟆/ 咳hai:咳/咳 巷hang:道/平
行hang:业东伍会列号家市帮当情栈款规话货距辈道长间/上中交入内农分同商在外央工建懂戎成招换排改本武洋粮诗跳车转银隔雁
镐hao:京/风 吓he:/威恐恫 纥he:/回 行heng:/道 和hu:了/ 核hu:儿/ 豁hua:拳/
还huan:乡书价俗债击原口嘴席情愿手报本清珠礼童给账贷钱阳魂/交以偿发回奉归往放璧生索讨赔返追退送 溃hui:脓/
和huo:弄泥药面/拌掺搀搅暖热软 奇ji:偶数零/ 期ji:年/ 系ji:好带泊紧绳/ 给ji:与予付体养水/仰供取自补进配
蝍ji:蛆/ 革ji:/病 伽jia:/瑜 強jiang:/倔 强jiang:嘴/倔 嚼jiao:子舌/倒
校jiao:准勘场对改本样核正注点订阅验/勘参审编 觉jiao:/一午困懒睡 桔jie:梗槔/ 籍jie:茅/
藉jie:以口/凭慰枕蕴 诘jie:责问难/反究 劲jing:兵吹射敌旅松直草风/刚强苍遒雄 枸ju:橼/ 瞿ju:然/
圈juan:/倒垫棚牛畜羊马 角jue:力斗色逐/丑主名女旦生配 龟jun:裂/ 咯ka:血/ 呵ke:叻/ 会kuai:计/财 傀kui:儡/
落la:下了/出 乐lao:亭/ 络lao:子/ 落lao:价子枕炕色/ 勒le:令派索逼/勾弥疏罗贝马 肋lei:木条骨/软鸡
俩liang:/伎 莨liang:绸/薯 靓liang:丽仔女/ 了liao:了事却局当得悟断无然结解账/一不临了便公明未末知私终
潦liao:倒草/ 碌liu:碡/ 陆liu:万佰圆拾/ 弄long:口堂/里 露lou:丑刃头富底怯白相脸苗面风馅/泄 六lu:安/
绿lu:林/ 烙luo:/炮 偻lv:/伛 抹ma:布/ 摩ma:挲/ 埋man:怨/ 糜mei:子/ 氓meng:/愚群 缪miu:/纰 万mo:俟/
冒mo:顿/ 无mo:/南 没mo:世入收药落过齿/出吞埋堙抄日汩沉沦泯浸淹湮籍罚覆辱 脉mo:脉/脉
模mu:具子板样/冲字木铜锻 牟mu:平/中 南na:无/ 哪ne:吒/ 呢ni:喃子绒/毛花 粘nian:土液稠结/ 溺niao:/便
拗niu:/执 娜nuo:/婀袅 扒pa:手灰窃粪糕草鸡/反 耙pa:子/钉铁 迫pai:击/ 番pan:禺/ 般pan:桓/ 磅pang:礴/
膀pang:胱/ 否pi:/臧 裨pi:将/偏 陂pi:/黄 便pian:佞嬖宜/ 扁pian:舟/ 朴piao:/勤古拙敦浑简素纯诚质醇
骠piao:勇骑/ 冯ping:河/ 朴po:刀硝/厚 陂po:陀/ 堡pu:/土 暴pu:晒/ 稽qi:首/ 荠qi:/荸
卡qia:具壳子/关发哨税路边 袷qia:袢/ 犍qian:为/ 纤qian:夫手绳/拉 将qiang:将/将 壳qiao:/地甲躯
雀qiao:子/家 伽qie:蓝/楞 茄qie:子/番蕃 趄qie:/趔 亲qing:家/ 綮qing:/肯 仇qiu:姓/姓 龟qiu:兹/ 若re:/兰般
艿reng:/陂 思sai:/于 塞se:责音/充哽堵填壅拥搪栓梗淤蔽语闭阻鼻 杉sha:木/ 色shai:子/落褪 单shan:姓/
栅shan:极/光木栏水 禅shan:让/封 鞘shao:/鞭 折she:堕本秤耗/屈 谁shei:的都/ 参shen:商茸/丹人党沙海红苦
葚shen:/桑 乘sheng:舆/下史野 什shi:物锦/喀家篇 殖shi:/骨 率shuai:先军尔性然直真队领/坦大直相真督统草表轻
说shui:/游 数shuo:/频 伺si:弄机隙/环窥 似si:乎曾/一好宛强形恰活浑疑相神类胜貌赛近酷 食si:母/ 缩su:砂/
尿sui:泡脬/ 莎suo:草/ 嗒ta:丧然/ 拓ta:印本片/碑 沓ta:子/拖杂泄疲重 漯ta:河/ 燵ta:/火
弹tan:力劾射性琴簧腿词/乱动反吹回抨讥评重 澹tan:台/ 叨tao:光扰拢陪/ 苕tiao:帚/
调tiao:人价侃停光养准制剂匀协合味和唆处幅弄息情戏护控摄教整料档正治温焦理皮笑级经羹色节解试调谐谑资适音频/下协失烹空解
侗tong:/倥 囤tun:积聚/ 褪tun:去/ 莞wan:尔莞/莞 蔓wan:/压瓜藤 遗wei:使劳/ 免wen:麻/ 喔wo:喔/喔
恶wu:/交厌可好嫌憎痛羞 於wu:菟/ 栖xi:栖/栖 厦xia:门/噶 降xiang:伏服顺龙/乞劝受归投招求纳诈诱请
削xiao:球皮面/刀切刮尖车 叶xie:韵/ 血xie:晕/便出吐咯咳尿换放流献采 解xie:数池法/姓 颉xie:颃/ 寻xin:思/
莘xin:庄/ 省xing:亲墓察悟视/内反归深自 宿xiu:/一半成星轸 臭xiu:/乳无铜 圩xu:场/ 畜xu:产养牧/牧
券xuan:/拱 噱xue:头/ 荤xun:粥/ 殷yan:红/ 铅yan:山/ 侥yao:/僬 疟yao:子/ 咽ye:/呜哽幽悲抽 射ye:干/
尾yi:/马 艾yi:/惩 荑yi:/芜 蛇yi:/委 龈yin:/牙齿 吁yu:求请/呼 尉yu:犁迟/ 熨yu:帖/ 蔚yu:县/ 芫yuan:花/
乐yue:器团坛官工师府律感户手曲歌毅池清理章舞谱迷队音/军南器国声奏弦民礼管西配雅音鼓 哕yue:/干 钥yue:/锁
咱za:家/多 扎za:染/一包捆结 拶zan:子指/ 藏zang:人历府戏族獒药蓝青香/三地大宝援漢西道 咋ze:舌/
曾zeng:孙祖/何几可 咋zha:呼/ 查zha:查/查 轧zha:机辊钢/ 侧zhai:歪/ 择zhai:席菜/ 辗zhan:转/
颤zhan:栗/冷寒打 嘲zhao:哳/ 朝zhao:会夕日晖暮气阳霞露/一今
着zhao:凉忙急慌数法火迷风魔/失妙找支点熏猜睡绝蒙该高 徵zhi:/应特 氏zhi:/月 识zhi:/款附 忪zhong:/怔
啁zhou:啾/ 碡zhou:/碌 属zhu:意文望/ 术zhu:/白苍 爪zhua:儿子/利后 转zhuai:文/
传zhuan:略记/内列别外小左正立经自评 椎zhui:/胸脊腰骶 琢zhuo:磨/雕
着zhuo:力墨想意手眼笔色落装边重陆/吸固执无沉胶衣附黏 著zhuo:/执 仔zi:密猪畜细肩鱼鸡/ 吱zi:扭/ 呲zi:牙/
枞zong:阳/ 赚zuan:得/ 撮zuo:/一 柞zuo:木树绸蚕/
"""
"""Character and reading, then the characters behind it / before it with which it is read so."""


@lru_cache(maxsize=1)
def _pairs() -> dict[str, list[tuple[int, str]]]:
    """Two characters → which of them sound otherwise, and how."""
    found: dict[str, list[tuple[int, str]]] = {}
    for entry in BESIDE.split():
        head, _, partners = entry.partition(":")
        behind, _, before = partners.partition("/")
        for other in behind:
            found.setdefault(head[0] + other, []).append((0, head[1:]))
        for other in before:
            found.setdefault(other + head[0], []).append((1, head[1:]))
    return found


def beside(pieces: list[str], heard: list[str]) -> list[str]:
    """The syllables of these pieces (characters, foreign words), those that a neighbour changes put right."""
    pairs, right = _pairs(), list(heard)
    for at in range(len(pieces) - 1):
        for which, sound in pairs.get(pieces[at] + pieces[at + 1], ()):
            right[at + which] = sound
    return right

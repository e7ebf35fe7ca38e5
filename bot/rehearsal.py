"""What only a rehearsal may switch on: beside a real platform the program refuses to start with it."""

from bot.config import PLATFORMS, BadConfig, Config


def only(config: Config, switch: str) -> None:
    """Raises BadConfig when an enabled platform is a real one, with people's chats behind it. `switch`: the environment
    variable as the deployer wrote it."""
    for name, section in config.platforms().items():
        for key in section.public:
            address = str(getattr(section, key)).rstrip("/").lower()
            if address == PLATFORMS[name].model_fields[key].default:
                raise BadConfig(
                    f"{switch} 只用于演练，但 [{name}] 连的是真实平台：请去掉这个环境变量，或把 {key} 指向模拟平台"
                )

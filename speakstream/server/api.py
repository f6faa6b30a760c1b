class Api:
    def __init__(self, settings, hall, metrics): self.routes=[]
    async def close(self, seconds): pass
